"""The filters on dates: how they may be spelt, and which spelling an account honours.

An API may ignore a parameter that it does not know and answer with everything, or misread a unit
and answer with nothing. So a spelling counts only when the far future leaves a list empty and the
long past does not.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.foundation.time_zone import MEXICO_CITY
from pipelines.gigstack.endpoints import WindowField

FAR_FUTURE = datetime(2100, 1, 1, tzinfo=UTC)  # nothing was created after it
LONG_PAST = datetime(2000, 1, 1, tzinfo=UTC)  # or before it

# the fields that hold what a window goes by
TIME_FIELDS = {WindowField.CREATED: ("created_at", "created"), WindowField.ISSUED: ("issue_date",)}

Bounds = dict[str, str | int]
IsEmpty = Callable[[Bounds], Awaitable[bool]]


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _local_text(moment: datetime) -> str:
    return f"{moment.astimezone(MEXICO_CITY):%Y-%m-%dT%H:%M:%S}"


@dataclass(frozen=True)
class DateFilter:
    """One spelling: the parameters of either bound, both inclusive, and how a moment is written."""

    name: str
    since: str
    until: str
    write: Callable[[datetime], str | int]

    def bounds(self, since: datetime | None = None, until: datetime | None = None) -> Bounds:
        asked = ((self.since, since), (self.until, until))
        return {name: self.write(moment) for name, moment in asked if moment is not None}


SPELLINGS: dict[WindowField, tuple[DateFilter, ...]] = {
    WindowField.CREATED: (
        DateFilter("created[gte] s", "created[gte]", "created[lte]", _seconds),
        DateFilter("created[gte] ms", "created[gte]", "created[lte]", _milliseconds),
        DateFilter("created_gte s", "created_gte", "created_lte", _seconds),
        DateFilter("created_gte ms", "created_gte", "created_lte", _milliseconds),
    ),
    WindowField.ISSUED: (DateFilter("from", "from", "to", _local_text),),
}


async def detect_date_filter(window: WindowField | None, is_empty: IsEmpty) -> DateFilter | None:
    """The spelling that this list honours; None when there is none, or nothing in the list."""
    for spelling in SPELLINGS[window] if window else ():
        if await is_empty(spelling.bounds(since=FAR_FUTURE)):
            is_read_right = not await is_empty(spelling.bounds(since=LONG_PAST))
            return spelling if is_read_right else None
    return None
