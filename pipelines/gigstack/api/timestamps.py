"""Timestamps as the API writes them, and the times of records on a page.

A spelling means the same here as in the macro `as_time` of `sql/loader/normalize/_macros.sql`.
The API lists the newest records first, as far as is known; only the records themselves show
whether an account's answers keep that order. API: https://docs.gigstack.io
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec

from pipelines.foundation.time_zone import MEXICO_CITY

CREATED_FIELDS = ("created_at", "created")
UPDATED_FIELDS = ("updated_at", "updated")
ORDER_MARGIN = timedelta(days=1)  # the order may follow local time, the window UTC

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MIN_MILLISECONDS = 10**11  # as seconds, this would be the year 5138
_NUMBER_LIMIT = 10**13  # a number with more digits is not a time
_ISO_8601 = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?)?", re.ASCII
)


def parse_timestamp(value: Any) -> datetime | None:
    """A timestamp in UTC, from any of the API's spellings.

    These are seconds, milliseconds, either of them as text, ISO 8601 (without a zone: Mexico City's
    time) and Firestore's `{"_seconds": n}`, whose fractions are ignored. Everything else, 0 and ""
    included, is None.
    """
    try:
        if type(value) is int:
            return _from_number(value * 1000)
        if isinstance(value, dict):
            return _from_firestore(value)
        text = str(value)
        return _from_iso(text) if _ISO_8601.fullmatch(text) else _from_digits(text)
    except (ValueError, ArithmeticError):  # not a number, no such day, or beyond the year 9999
        return None


def _from_number(thousandths: int) -> datetime | None:
    if abs(thousandths) >= _NUMBER_LIMIT * 1000:
        return None
    is_milliseconds = thousandths >= _MIN_MILLISECONDS * 1000
    return _from_microseconds(thousandths if is_milliseconds else thousandths * 1000)


def _from_digits(text: str) -> datetime | None:
    if not text.isascii():  # Decimal knows the digits of every script
        return None
    return _from_number(int(Decimal(text).scaleb(3).to_integral_value(ROUND_HALF_UP)))


def _from_firestore(value: dict[str, Any]) -> datetime | None:
    candidates = (value.get("_seconds", 0), value.get("seconds", 0))
    seconds = next((n for n in candidates if type(n) in (int, float) and n >= 1), 0)
    return _from_microseconds(int(seconds) * 1_000_000)


def _from_iso(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo:
        return at.astimezone(UTC)
    # in the hour that a clock change repeats, take the later reading, as DuckDB does
    return max(at.replace(tzinfo=MEXICO_CITY, fold=fold).astimezone(UTC) for fold in (0, 1))


def _from_microseconds(microseconds: int) -> datetime | None:
    return _EPOCH + timedelta(0, 0, microseconds) if microseconds else None


def times_in(records: bytes, field_names: Sequence[str] = CREATED_FIELDS) -> list[datetime | None]:
    """The first field that is a timestamp, for each element of a JSON array that is not null."""
    return [
        next(filter(None, map(parse_timestamp, msgspec.structs.astuple(record))), None)
        if isinstance(record, msgspec.Struct)
        else None
        for record in _decoder(tuple(field_names)).decode(records)
        if record is not None
    ]


@cache
def _decoder(field_names: tuple[str, ...]) -> msgspec.json.Decoder[list[Any]]:
    """A decoder that reads these fields of each record and skips the others."""
    fields = [
        (f"f{number}", Any, msgspec.field(name=name, default=None))
        for number, name in enumerate(field_names)
    ]
    record = msgspec.defstruct("Created", fields)
    return msgspec.json.Decoder(list[record | list[Any] | str | int | float | bool | None])  # type: ignore[valid-type]


class WindowEndDetector:
    """Detects that an unfiltered list, newest first, has been read past the start of a window.

    As soon as a page breaks the order, the answer stays no: the list is then read to its end.
    """

    def __init__(self, start: datetime) -> None:
        self._limit = start - ORDER_MARGIN
        self._oldest = datetime.max.replace(tzinfo=UTC)
        self._is_in_order = True

    def is_past(self, records: bytes, field_names: Sequence[str] = CREATED_FIELDS) -> bool:
        """Whether no later page can hold a record of the window; expects every page, in order."""
        times = times_in(records, field_names)
        known = [self._oldest, *(at for at in times if at is not None)]
        self._is_in_order &= len(known) == 1 + len(times) and all(
            newer >= older for newer, older in pairwise(known)
        )
        self._oldest = known[-1]
        return self._is_in_order and bool(times) and known[1] < self._limit
