"""What makes the real API hard to read, at a low rate and decided by the object's position.

A quirk changes the spelling of a record, never its meaning: a load is expected to contain what the
clean record says. About one record in a hundred gets each quirk that its list has.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

Record = dict[str, Any]
Quirk = Callable[[Record], None]

AMOUNTS = ("total", "subtotal", "taxes", "discount", "exchange_rate", "last_balance", "unit_price")
SECONDS = ("created_at", "valid_until", "succeeded_at", "last_login")
_MEXICO = timezone(timedelta(hours=-6))
_PER_THOUSAND = 10  # of the records of a list get each of its quirks
_FACTOR = 0xBF58476D1CE4E5B9


def per_mille(place: int) -> int:
    """A number below 1000 that depends on the position alone."""
    return (place * _FACTOR % (1 << 64) >> 40) % 1000


def amounts_as_text(record: Record) -> None:
    for name in AMOUNTS:
        if isinstance(record.get(name), int | Decimal):
            record[name] = str(record[name])


def taxes_as_text(record: Record) -> None:
    for tax in _taxes(record):
        for name in ("rate", "base", "amount"):
            if name in tax:
                tax[name] = str(tax[name])


def tax_type_in_lower_case(record: Record) -> None:
    for tax in _taxes(record):
        tax["type"] = tax["type"].lower()


def american_spelling(record: Record) -> None:
    if record.get("status") == "cancelled":
        record["status"] = "canceled"


def trailing_underscore(record: Record) -> None:
    if record.get("status") == "succeeded":
        record["status"] = "succeeded_"


def older_names(record: Record) -> None:
    for new, old in (("created_at", "created"), ("valid_until", "validUntil")):
        if new in record:
            record[old] = record.pop(new)


def camel_case_names(record: Record) -> None:
    for new, old in (("first_name", "firstName"), ("last_name", "lastName")):
        if new in record:
            record[old] = record.pop(new)


def firestore_times(record: Record) -> None:
    _rewrite_times(record, lambda second: {"_seconds": second, "_nanoseconds": 0})


def times_in_milliseconds(record: Record) -> None:
    _rewrite_times(record, lambda second: second * 1000)


def times_in_utc_text(record: Record) -> None:
    _rewrite_times(record, lambda second: _iso(second, UTC).replace("+00:00", "Z"))


def times_with_offset(record: Record) -> None:
    _rewrite_times(record, lambda second: _iso(second, _MEXICO))


def folio_as_text(record: Record) -> None:
    if isinstance(record.get("folio_number"), int):
        record["folio_number"] = str(record["folio_number"])
    config = record.get("invoice_config")
    if config and "folio" in config:
        config["folio"] = str(config["folio"])


def periodicity_as_object(record: Record) -> None:
    if isinstance(record.get("periodicity"), str):
        record["periodicity"] = {"label": "Mes", "value": record["periodicity"]}


def methods_as_text(record: Record) -> None:
    methods = record.get("allowed_payment_methods", [])
    record["allowed_payment_methods"] = [method["id"] for method in methods]


def uuid_in_upper_case(record: Record) -> None:
    if record.get("uuid") and record.get("id") != record["uuid"]:
        record["uuid"] = record["uuid"].upper()


def other_key_order(record: Record) -> None:
    turned = dict(reversed(record.items()))
    record.clear()
    record.update(turned)


ANY = (other_key_order, firestore_times, times_in_utc_text, times_in_milliseconds)
OF_CFDI = (
    *ANY,
    times_with_offset,
    amounts_as_text,
    taxes_as_text,
    tax_type_in_lower_case,
    american_spelling,
    folio_as_text,
    uuid_in_upper_case,
)


def number_of(place: int) -> int:
    """Which of its list's quirks an object gets: most numbers are beyond the last one."""
    return per_mille(place) // _PER_THOUSAND


def _taxes(record: Record) -> list[Record]:
    lines = record.get("items", [record])
    found = [line["taxes"] for line in lines if isinstance(line.get("taxes"), list)]
    return [tax for taxes in found for tax in taxes]


def _rewrite_times(record: Record, spelled: Callable[[int], Any]) -> None:
    for name in SECONDS:
        if isinstance(record.get(name), int) and 0 < record[name] < 10**12:
            record[name] = spelled(record[name])
    for holder, name in (("stamp", "stamp_at"), ("cancellation", "requested_at")):
        if record.get(holder) and record[holder].get(name):
            record[holder][name] = spelled(record[holder][name])


def _iso(second: int, zone: timezone) -> str:
    return datetime.fromtimestamp(second, zone).isoformat()
