"""The books of a sandbox account: what a complete walk of its API delivers."""

from datetime import date
from typing import Any

from pipelines.sandbox.simulation.account import Account

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
            _walk(account, team.number, "documents"),
            record=team.record,
            **more,
        )
        for team in account.roster
    ]


def _walk(account: Account, team: int, stream: str) -> list[Record]:
    return [record for _, record in account.store.objects(team, stream)]
