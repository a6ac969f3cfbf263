"""Cuts a long list into spans of creation time that can be read at once.

Cursor pages follow one another; where an account honours both bounds of the creation filter, a
history of years is read as several lists.
"""

import math
from datetime import UTC, datetime, timedelta

from pipelines.gigstack.api.date_filters import LONG_PAST, DateFilter, IsEmpty

LONG_LIST = 20  # pages; less is read as it is
PAGES_PER_SLICE = 10
MAX_SLICES = 32
FIRST = datetime(2011, 1, 1, tzinfo=UTC)  # the year CFDI began
PRECISION = timedelta(days=31)

TimeSlice = tuple[datetime | None, datetime | None]  # from, until; both belong to it


def is_long(rows: int | None, page_size: int) -> bool:
    return rows is not None and rows > LONG_LIST * page_size


async def split_range(
    date_filter: DateFilter,
    is_empty: IsEmpty,
    end: datetime,
    pages: int,
) -> list[TimeSlice]:
    """Slices that cover everything, open at either end; cut between about the oldest and `end`.

    One slice where the account does not honour the upper bound. Neighbours share their bound, so
    that nothing can fall between them.
    """
    if not await is_empty(date_filter.bounds(until=LONG_PAST)):
        return [(None, None)]
    oldest = await _oldest(date_filter, is_empty, end)
    count = min(MAX_SLICES, math.ceil(pages / PAGES_PER_SLICE))
    step = (end - oldest) / count
    bounds = [oldest + step * number for number in range(1, count)]
    whole = [bound.replace(microsecond=0) for bound in bounds]
    return list(zip([None, *whole], [*whole, None], strict=True))


async def _oldest(date_filter: DateFilter, is_empty: IsEmpty, end: datetime) -> datetime:
    """About when the oldest record was created."""
    low, high = FIRST, end
    while high - low > PRECISION:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if await is_empty(date_filter.bounds(until=middle)):
            low = middle
        else:
            high = middle
    return low
