"""Between which moments a time can be. What the API says beyond them is kept in `extra`, and told:
a day in the year 0 is no day, and a calendar that began there would have no end.

A shape says of each time whether it is of an object's life (`TIME`) or a day that a person wrote,
of a paper or a term (`ANY_TIME`).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from pipelines.gigstack.api.timestamps import parse_timestamp
from pipelines.gigstack.normalize.schema import TIME_TYPES

FIRST_YEAR = 2010  # gigstack is younger
YEARS_AHEAD = 5


class TimeBounds(NamedTuple):
    """The first moment that can be, and the first that cannot be any more; UTC."""

    first: datetime
    end: datetime

    def admit(self, value: Any) -> bool:
        """Whether a value of the API is blank or within."""
        at = parse_timestamp(value)
        if at is None:
            return value is None or isinstance(value, dict) or set(str(value)) <= {"0", "."}
        return self.first <= at < self.end

    def condition(self, text: str) -> str:
        """The same as SQL, of an expression for the value as text. Of numbers with as many digits
        as the bounds, and of texts, it compares the digits alone.
        """
        numbers = [
            f"when length({text}) = {len(str(first))} and not contains({text}, '.') "
            f"then {text} >= '{first}' and {text} < '{end:0{len(str(first))}}'"
            for first, end in self._numbers()
        ]
        return (
            f"({text} is null or {text} in ('', '0') or case "
            f"when {text}[5] = '-' then {text} >= '{self.first.year}' "
            f"and {text} < '{self.end.year}' "
            f"and (({text}[6:10] <> '02-29' and (length({text}) = 10 or right({text}, 1) = 'Z')) "
            f"or as_time({text}) is not null) {' '.join(numbers)} "
            f"else coalesce(as_time({text}) >= '{self.first}' and as_time({text}) < '{self.end}', "
            f"try_cast({text} as double) = 0, not regexp_matches({text}, '[1-9]')) end)"
        )

    def _numbers(self) -> Iterator[tuple[int, int]]:
        """The bounds in seconds and in milliseconds, if both have as many digits."""
        for per_second in (1, 1000):
            first, end = (int(at.timestamp()) * per_second for at in self)
            if first > 0 and len(str(first)) == len(str(end)):
                yield first, end


@cache
def bounds_of(kind: str) -> TimeBounds:
    """The bounds of `TIME` or `ANY_TIME`."""
    if kind == "ANY_TIME":
        return TimeBounds(datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
    end = datetime.now(UTC).year + YEARS_AHEAD + 1
    return TimeBounds(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(end, 1, 1, tzinfo=UTC))


def times_can_be(shape: Any, value: str = "o", depth: int = 0) -> str | None:
    """The SQL condition that all times of a record can be; None if it has none."""
    if isinstance(shape, str):
        return bounds_of(shape).condition(value) if shape in TIME_TYPES else None
    if isinstance(shape, list):
        element = f"e{depth}"
        inner = times_can_be(shape[0], element, depth + 1)
        wrong = f"list_filter({value}, lambda {element}: not {inner})"
        return f"coalesce(len({wrong}), 0) = 0" if inner else None
    found = (times_can_be(kind, f'{value}."{name}"', depth) for name, kind in shape.items())
    conditions = [condition for condition in found if condition]
    return f"({' and '.join(conditions)})" if conditions else None
