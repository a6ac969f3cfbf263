"""The books of a sandbox account: what a complete walk of its API delivers."""

from datetime import date
from typing import Any

from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.storage import positions

from .books import Books
from .cfdi import Record

_CFDI_STREAMS = ("income", "egress", "complements", "transfers")


def read(account: Account, as_of: date, **more: Any) -> list[Books]:
    """One set of books a team, in the order of `account.teams`."""
    return [
        Books(
            team.id,
            as_of,
            [record for stream in _CFDI_STREAMS for record in _walk(account, team.number, stream)],
            _walk(account, team.number, "payments"),
            _walk(account, team.number, "receipts"),
            _walk(account, team.number, "clients"),
            _listed_documents(account, team.number),
            record=team.record,
            **more,
        )
        for team in account.roster
    ]


def _listed_documents(account: Account, team: int) -> list[Record]:
    """The documents that a client, invoice or payment lists: its own, and those of its client. What
    only a deleted client had, no list shows.
    """
    shown: set[int] = set()
    for stream in ("clients", "payments", *_CFDI_STREAMS):
        for place, record in account.store.objects(team, stream):
            client = positions.place_of((record.get("client") or {}).get("id") or "")
            shown.update(account.store.documents_of([place, *([client] if client else [])]))
    documents = account.store.objects(team, "documents")
    return [record for place, record in documents if place in shown]


def _walk(account: Account, team: int, stream: str) -> list[Record]:
    return [record for _, record in account.store.objects(team, stream)]
