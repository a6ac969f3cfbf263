"""Splits a long list into slices of creation time that can be read concurrently.

A cursor page can only be read after the one before it. Where an account honours both bounds of the
creation filter, a history of many years is read as several lists.
API: https://docs.gigstack.io
"""

import math
from datetime import UTC, datetime, timedelta

from pipelines.gigstack.api.date_filters import LONG_PAST, DateFilter, IsEmpty

LONG_LIST_PAGES = 20  # a list of no more pages is not split
PAGES_PER_SLICE = 10
MAX_SLICES = 32
EARLIEST = datetime(2011, 1, 1, tzinfo=UTC)  # CFDI began that year
PRECISION = timedelta(days=31)

TimeSlice = tuple[datetime | None, datetime | None]  # since and until, both inclusive


def is_long(rows: int | None, page_size: int) -> bool:
    return rows is not None and rows > LONG_LIST_PAGES * page_size


async def split_range(
    date_filter: DateFilter,
    is_empty: IsEmpty,
    end: datetime,
    pages: int,
) -> list[TimeSlice]:
    """Slices that cover everything, open at both ends, split between about the oldest and `end`.

    One slice where the account does not honour the upper bound. Neighbours share a bound, so that
    no record falls between them.
    """
    if not await is_empty(date_filter.bounds(until=LONG_PAST)):
        return [(None, None)]
    oldest = await _find_oldest(date_filter, is_empty, end)
    count = min(MAX_SLICES, math.ceil(pages / PAGES_PER_SLICE))
    step = (end - oldest) / count
    bounds = [(oldest + step * number).replace(microsecond=0) for number in range(1, count)]
    return list(zip([None, *bounds], [*bounds, None], strict=True))


async def _find_oldest(date_filter: DateFilter, is_empty: IsEmpty, end: datetime) -> datetime:
    """A time shortly before the oldest record was created, found by bisection."""
    low, high = EARLIEST, end
    while high - low > PRECISION:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if await is_empty(date_filter.bounds(until=middle)):
            low = middle
        else:
            high = middle
    return low
