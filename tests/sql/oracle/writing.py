"""Hand-written cases in a sandbox account: short names become ids and UUIDs as it makes them."""

import re
from typing import Any

from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.storage import positions

from . import people_cases
from .cases import cfdi_and_payments
from .hand import Record, invoice, payment, uuid

STREAMS = {"I": "income", "E": "egress", "P": "complements", "T": "transfers"}
PREFIXES = {"clients": "client_", "payments": "payment_", "documents": "doc_"}
_NAMED = re.compile(r'IdDocumento="([^"]+)"')


def add_cases(account: Account, team: int) -> None:
    """Write all cases into a team of the account, most of them with its first client."""
    first = account.roster[team].clients[0].record
    of_first = [one | {"client": _quoted(first)} for one in cfdi_and_payments()]
    clients = {one["id"]: one for one in people_cases.clients()}
    of_others = [one | {"client": _quoted(clients[one["client"]["id"]])} for one in _with_terms()]
    stamped = [_stamped(one) for one in (*of_first, *of_others)]
    _write(account, team, [*clients.values(), *stamped, *people_cases.documents()])


def _with_terms() -> list[Record]:
    """Invoices of clients of their own, one with terms of thirty days."""
    return [
        invoice("t1", "2026-08-10", client={"id": "p1"}),
        payment("t1p", "2026-08-20", "160.00", "t1", client={"id": "p1"}),
        invoice("t2", "2026-08-31", client={"id": "p2"}),
        payment("t2p", "2026-09-05", "1160.00", "t2", client={"id": "p2"}),
        invoice("t3", "2026-06-10", total="60000.00", client={"id": "p3"}),
    ]


def _write(account: Account, team: int, records: list[Record]) -> None:
    store, known, places = account.store, {}, {}
    for number, one in enumerate(records):
        stream = _stream(one)
        seconds = one["created_at"] // (1000 if stream == "documents" else 1)
        place = positions.position(team, stream, seconds, number)
        places[one["id"]] = place
        known[one["id"]] = positions.object_id(PREFIXES.get(stream, "inv_"), place)
        known[uuid(one["id"])] = positions.uuid(place)
    store.begin()
    for one in records:
        store.add(places[one["id"]], _renamed({"team": account.teams[team]} | one, known))
        if _stream(one) == "documents":
            parent = places[one["linked_entities"][0]["entity_id"]]
            store.link_document(parent, places[one["id"]])
    store.flush()
    store.commit()


def _stream(record: Record) -> str:
    if "invoice_type" in record:
        return STREAMS[record["invoice_type"]]
    if "document_type" in record:
        return "documents"
    return "clients" if "tax_id" in record else "payments"


def _quoted(client: Record) -> Record:
    wanted = ("id", "name", "legal_name", "tax_id", "tax_system", "use", "address")
    return {name: client.get(name) for name in wanted}


def _stamped(record: Record) -> Record:
    if "invoice_type" not in record:
        return record
    return {"stamp": {"stamp_at": record["created_at"]}} | record


def _renamed(value: Any, known: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _renamed(inner, known) for name, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, known) for inner in value]
    if not isinstance(value, str):
        return value
    if named := _NAMED.search(value):
        return value.replace(named[1], known[named[1].lower()].upper())
    return known.get(value, value)
