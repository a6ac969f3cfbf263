"""When the records of a list were created, and whether a list has been read past its window.

Lists of the API are newest first by creation, as far as is known; whether an account's answers
keep to it shows only in the records. What a moment's spelling means is the same as in the macro
`as_time` of `sql/loader/normalize/_macros.sql`. API: https://docs.gigstack.io
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

CREATED = ("created_at", "created")
ORDER_MARGIN = timedelta(days=1)  # order and window may be a time zone apart

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MIN_MILLISECONDS = 10**11  # as seconds that would be the year 5138
_NUMBER_LIMIT = 10**13  # more digits are no time
_ISO_8601 = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?)?", re.ASCII
)


def parse_timestamp(value: Any) -> datetime | None:
    """The moment, in UTC, that any of the API's spellings means.

    Seconds, milliseconds, either as text, ISO 8601 (Mexico City's time where it names no zone) or
    Firestore's `{"_seconds": n}`, whose fractions do not count. 0, "" and anything else: None.
    """
    try:
        if type(value) is int:
            return _moment_of_number(value * 1000)
        if isinstance(value, dict):
            return _moment_of_firestore(value)
        text = str(value)
        return _moment_of_iso(text) if _ISO_8601.fullmatch(text) else _moment_of_digits(text)
    except (ValueError, ArithmeticError):  # no number, no such day, or beyond the year 9999
        return None


def _moment_of_number(thousandths: int) -> datetime | None:
    if abs(thousandths) >= _NUMBER_LIMIT * 1000:
        return None
    is_milliseconds = thousandths >= _MIN_MILLISECONDS * 1000
    return _after_epoch(thousandths if is_milliseconds else thousandths * 1000)


def _moment_of_digits(text: str) -> datetime | None:
    if not text.isascii():  # Decimal knows the digits of every script
        return None
    return _moment_of_number(int(Decimal(text).scaleb(3).to_integral_value(ROUND_HALF_UP)))


def _moment_of_firestore(value: dict[str, Any]) -> datetime | None:
    named = (value.get("_seconds", 0), value.get("seconds", 0))
    seconds = next((n for n in named if type(n) in (int, float) and n >= 1), 0)
    return _after_epoch(int(seconds) * 1_000_000)


def _moment_of_iso(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo:
        return at.astimezone(UTC)
    # where the clocks change, two readings: like DuckDB, the later
    return max(at.replace(tzinfo=MEXICO_CITY, fold=fold).astimezone(UTC) for fold in (0, 1))


def _after_epoch(microseconds: int) -> datetime | None:
    return _EPOCH + timedelta(0, 0, microseconds) if microseconds else None


def creation_times(records: bytes, field_names: Sequence[str] = CREATED) -> list[datetime | None]:
    """One for each element of a JSON array that is not null: the first field that is a moment."""
    return [
        next(filter(None, map(parse_timestamp, msgspec.structs.astuple(record))), None)
        if isinstance(record, msgspec.Struct)
        else None
        for record in _decoder(tuple(field_names)).decode(records)
        if record is not None
    ]


@cache
def _decoder(field_names: tuple[str, ...]) -> msgspec.json.Decoder[list[Any]]:
    """Reads these fields of each record and skips the others."""
    fields = [
        (f"f{number}", Any, msgspec.field(name=name, default=None))
        for number, name in enumerate(field_names)
    ]
    record = msgspec.defstruct("Created", fields)
    return msgspec.json.Decoder(list[record | list[Any] | str | int | float | bool | None])  # type: ignore[valid-type]


class WindowEndDetector:
    """Tells when a list without a filter has been read far enough; when in doubt, it has not."""

    def __init__(self, start: datetime) -> None:
        self._limit = start - ORDER_MARGIN
        self._oldest = datetime.max.replace(tzinfo=UTC)
        self._is_in_order = True

    def is_past(self, records: bytes, field_names: Sequence[str] = CREATED) -> bool:
        """Whether, after this page, nothing can follow that is in the window; fed every page."""
        times = creation_times(records, field_names)
        known = [self._oldest, *(at for at in times if at is not None)]
        self._is_in_order &= len(known) == 1 + len(times) and all(
            newer >= older for newer, older in pairwise(known)
        )
        self._oldest = known[-1]
        return self._is_in_order and bool(times) and known[1] < self._limit
