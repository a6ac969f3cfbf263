"""Other ways to understand, or to refuse, a filter on dates.

The filter is `created[gte]`, `created[lte]` and their spellings on most lists, `from` and `to` on
SAT invoices. See https://docs.gigstack.io
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from zlib import crc32

from pipelines.sandbox.api.envelopes import ApiError
from pipelines.sandbox.api.variants.exchange import Exchange, Variant, answered, asked
from pipelines.sandbox.storage.store import Record, decode, encode

SAT = "/invoices/sat"
PAST_YEARS = 10
_CREATED = re.compile(r"created(_|\.|\[)(gte|gt|lte|lt)\]?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_FIRST_MILLISECONDS = 10**12


def bounds(query: dict[str, str], path: str) -> dict[str, str]:
    """The parameters of a query that filter by date."""
    names = ("from", "to") if path == SAT else ()
    return {
        name: value for name, value in query.items() if _CREATED.fullmatch(name) or name in names
    }


def _asked_bounds(exchange: Exchange) -> dict[str, str]:
    return bounds(exchange.asked, exchange.path)


def _refuse(message: str, code: str = "validation_failed", status: int = 400) -> None:
    raise ApiError(status, code, message)


@asked("bounds are compared in milliseconds: one in seconds lets everything or nothing pass")
def in_milliseconds_only(exchange: Exchange) -> None:
    for name, value in bounds(exchange.query, exchange.path).items():
        if value.isdecimal() and int(value) < _FIRST_MILLISECONDS:
            if "gt" in name:
                del exchange.query[name]
            else:
                exchange.query[name] = "0"


@answered("with any filter a tenth of the records are missing, as if they had no date")
def drops_undated(exchange: Exchange) -> None:
    if _asked_bounds(exchange) and exchange.rows:
        exchange.body["data"] = [row for row in exchange.data if not _is_undated(row)]


def _is_undated(row: Record | None) -> bool:
    return row is not None and crc32(str(row.get("id") or row.get("uuid")).encode()) % 10 == 0


@asked("any filter is refused with 400")
def refused(exchange: Exchange) -> None:
    if found := _asked_bounds(exchange):
        _refuse(f"Unknown parameter {min(found)}")


@asked("any filter needs an index that is missing: 500")
def needs_index(exchange: Exchange) -> None:
    if _asked_bounds(exchange):
        _refuse("The query requires an index", "database_error", 500)


@answered("a filter that nothing passes is answered with 404")
def empty_404(exchange: Exchange) -> None:
    if _asked_bounds(exchange) and exchange.is_empty:
        _refuse("Nothing found", "resource_not_found", 404)


@asked(f"a bound more than {PAST_YEARS} years back is refused with 400")
def past_refused(exchange: Exchange) -> None:
    first = exchange.account.now.year - PAST_YEARS
    for name, value in _asked_bounds(exchange).items():
        if _year(value) < first:
            _refuse(f"{name} must not be before {first}")


def _year(value: str) -> int:
    if not value.isdecimal():
        return int(value[:4]) if value[:4].isdecimal() else 0
    second = int(value) // (1000 if int(value) >= _FIRST_MILLISECONDS else 1)
    return datetime.fromtimestamp(second, UTC).year


def _not_with_cursor(exchange: Exchange) -> None:
    """A cursor carries the filter of its first page; with another it is refused."""
    shown = exchange.cursor_list
    cursor = exchange.query.get(shown.cursor[0]) if shown else None
    if not shown or not cursor:
        return
    if _asked_bounds(exchange):
        _refuse("Filters cannot be combined with a cursor")
    cursor, _, kept = cursor.partition("~")
    exchange.query[shown.cursor[0]] = cursor
    if kept:
        exchange.query |= decode(urlsafe_b64decode(kept))


def _keep_filter(exchange: Exchange) -> None:
    shown, found = exchange.cursor_list, bounds(exchange.query, exchange.path)
    if shown and found and exchange.body.get(shown.cursor[1]):
        exchange.body[shown.cursor[1]] += "~" + urlsafe_b64encode(encode(found)).decode()


@asked("SAT invoices take YYYY-MM-DD alone, all else is refused with 400")
def sat_by_day(exchange: Exchange) -> None:
    if exchange.path == SAT:
        for name, value in _asked_bounds(exchange).items():
            if not _DAY.fullmatch(value):
                _refuse(f"{name} is {value!r}; it has to be YYYY-MM-DD")


@asked("any filter is ignored")
def ignored(exchange: Exchange) -> None:
    for name in _asked_bounds(exchange):
        exchange.query.pop(name, None)


VARIANTS = {
    "filter-in-milliseconds-only": in_milliseconds_only,
    "filter-drops-undated": drops_undated,
    "filter-ignored": ignored,
    "filter-or-cursor": Variant(
        "a filter together with a cursor is refused with 400; the cursor alone keeps the filter",
        asked=_not_with_cursor,
        answered=_keep_filter,
    ),
    "filter-refused": refused,
    "filter-needs-index": needs_index,
    "filter-empty-404": empty_404,
    "filter-past-refused": past_refused,
    "sat-filter-by-day": sat_by_day,
}
