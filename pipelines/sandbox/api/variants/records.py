"""Other records: fields more or less, other shapes and ids, one that is huge."""

import re
from decimal import Decimal
from typing import Any

from pipelines.sandbox.api import filters
from pipelines.sandbox.api.variants.exchange import Exchange, Variant, answered, asked
from pipelines.sandbox.storage.store import Record

_UPDATED = {"updated[gte]": filters.UPDATED_SINCE, "updated[lte]": filters.UPDATED_UNTIL}
HUGE = 60_000_000
_INVOICES = ("income", "egress", "payment", "transfer")
_CLIENT = re.compile(rb'"(client_|cus_)([0-9a-f]{16})"')
_CLIENT_ID = re.compile(r"(client_|cus_)(?:/|\.\./)([0-9a-f]{16})")

MAPS = ("integrations", "series")  # their keys are ids, not fields


@answered("lists of invoices leave out `items`; the single invoice has them")
def reduced_rows(exchange: Exchange) -> None:
    if exchange.shown and exchange.segments[-1] in _INVOICES:
        for row in exchange.rows:
            row.pop("items", None)


@answered("single objects have fields that their list lacks: notes, portal_url, history")
def richer_singles(exchange: Exchange) -> None:
    for record in exchange.records if isinstance(exchange.data, dict) else []:
        record |= {
            "notes": "Seen by its id alone",
            "portal_url": f"https://portal.example/{record.get('id')}",
            "history": [{"action": "created", "at": record.get("created_at")}],
        }


@answered("a client is its plain id, an owner is an object")
def objects_for_ids(exchange: Exchange) -> None:
    for record in exchange.records:
        if isinstance(record.get("client"), dict):
            record["client"] = record["client"].get("id")
        if isinstance(record.get("owner"), str):
            record["owner"] = {"id": record["owner"], "type": "user"}


@answered("the key and all records are those of a test account: livemode is false")
def test_mode(exchange: Exchange) -> None:
    _set_livemode(exchange.data)


def _set_livemode(value: Any) -> None:
    if isinstance(value, dict) and "livemode" in value:
        value["livemode"] = False
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _set_livemode(inner)


@asked("every object has `updated_at`, the second of its last change")
def updated_everywhere(exchange: Exchange) -> None:
    exchange.query[filters.SHOW_UPDATED] = "1"


@asked("as updated-everywhere; every list honours `updated[gte]` and `updated[lte]`")
def updated_filter(exchange: Exchange) -> None:
    exchange.query[filters.SHOW_UPDATED] = "1"
    for name, own in _UPDATED.items():
        if name in exchange.query:
            exchange.query[own] = exchange.query.pop(name)


@asked("as updated-everywhere; `updated[gte]` and `updated[lte]` compare the creation")
def updated_filter_by_creation(exchange: Exchange) -> None:
    exchange.query[filters.SHOW_UPDATED] = "1"
    for name in _UPDATED:
        if name in exchange.query:
            exchange.query[name.replace("updated", "created")] = exchange.query.pop(name)


@answered("every record has fields that nobody knows: beta_score, risk, labels")
def new_fields(exchange: Exchange) -> None:
    is_map = exchange.segments[-1] in MAPS and isinstance(exchange.data, dict)
    for record in exchange.data.values() if is_map else exchange.records:
        record |= {
            "beta_score": Decimal("12.5"),
            "risk": {"level": "low", "checks": 3},
            "labels": ["a", "b"],
        }


@answered("the first record of /services has 60 MB of metadata")
def huge_record(exchange: Exchange) -> None:
    if exchange.path == "/services" and exchange.rows and "next" not in exchange.asked:
        exchange.rows[0]["metadata"] = {"blob": "x" * HUGE}


def _with_odd_ids(_: Exchange, content: bytes) -> bytes:
    return _CLIENT.sub(_odd_id, content)


def _odd_id(found: re.Match[bytes]) -> bytes:
    """Of three ids one gets a slash, one goes up a folder, one stays."""
    between = (b"", b"/", b"../")[int(found[2], 16) % 3]
    return b'"' + found[1] + between + found[2] + b'"'


def _read_odd_ids(exchange: Exchange) -> None:
    exchange.segments = [_plain_id(segment) for segment in exchange.segments]
    if "client_id" in exchange.query:
        exchange.query["client_id"] = _plain_id(exchange.query["client_id"])


def _plain_id(text: str) -> str:
    found = _CLIENT_ID.fullmatch(text)
    return found[1] + found[2] if found else text


def _echo(exchange: Exchange) -> None:
    """As if the API were careless with secrets."""
    key = (exchange.authorization or "").removeprefix("Bearer ")
    if exchange.path == "/clients" and exchange.rows:
        first: Record = exchange.rows[0]
        first["metadata"] = {"requested_with": key}
        if exchange.body.get("next"):
            exchange.body["next"] += f"!{key}"


def _read_echo(exchange: Exchange) -> None:
    if exchange.path == "/clients" and "next" in exchange.query:
        exchange.query["next"] = exchange.query["next"].partition("!")[0]


VARIANTS = {
    "odd-ids": Variant(
        "two of three client ids contain `/` or `../`, the same everywhere",
        asked=_read_odd_ids,
        sent=_with_odd_ids,
    ),
    "reduced-rows": reduced_rows,
    "richer-singles": richer_singles,
    "objects-for-ids": objects_for_ids,
    "test-mode": test_mode,
    "updated-everywhere": updated_everywhere,
    "updated-filter": updated_filter,
    "updated-filter-by-creation": updated_filter_by_creation,
    "new-fields": new_fields,
    "huge-record": huge_record,
    "key-echo": Variant(
        "/clients shows the key in its first record and in `next`",
        asked=_read_echo,
        answered=_echo,
    ),
}
