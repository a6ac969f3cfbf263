"""The filters on dates: their possible spellings, and the one that an account honours.

The API may ignore a parameter that it does not know and answer with everything, or misread a unit
and answer with nothing. A spelling is therefore trusted only if a list is empty from the far future
on, and not empty from the distant past on. API: https://docs.gigstack.io
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.foundation.time_zone import MEXICO_CITY
from pipelines.gigstack.api.timestamps import CREATED_FIELDS
from pipelines.gigstack.endpoint_types import WindowField

FAR_FUTURE = datetime(2100, 1, 1, tzinfo=UTC)  # nothing was created after it
LONG_PAST = datetime(2000, 1, 1, tzinfo=UTC)  # or before it

# the names under which a record may carry the field
TIME_FIELDS = {WindowField.CREATED: CREATED_FIELDS, WindowField.ISSUED: ("issue_date",)}

Bounds = dict[str, str | int]
IsEmpty = Callable[[Bounds], Awaitable[bool]]


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _local_text(at: datetime) -> str:
    return f"{at.astimezone(MEXICO_CITY):%Y-%m-%dT%H:%M:%S}"


@dataclass(frozen=True)
class DateFilter:
    """One spelling: the parameter of each bound, both inclusive, and the format of a timestamp."""

    name: str
    since: str
    until: str
    format: Callable[[datetime], str | int]

    def bounds(self, since: datetime | None = None, until: datetime | None = None) -> Bounds:
        """The parameters that ask for records from `since` to `until`."""
        bounds = ((self.since, since), (self.until, until))
        return {parameter: self.format(at) for parameter, at in bounds if at is not None}


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
    """The spelling that a list honours; None if it honours none, or if the list is empty."""
    for spelling in SPELLINGS[window] if window else ():
        if await is_empty(spelling.bounds(since=FAR_FUTURE)):
            is_understood = not await is_empty(spelling.bounds(since=LONG_PAST))
            return spelling if is_understood else None
    return None
