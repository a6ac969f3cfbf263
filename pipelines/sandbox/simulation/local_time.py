"""Moments as Mexico City's wall clocks show them."""

from datetime import UTC, datetime
from functools import lru_cache

DAY = 86_400
MEXICO = -6 * 3600  # Mexico City has had no daylight saving since October 2022


def local_text(second: int) -> str:
    """SAT's spelling of a moment: Mexico City wall clock, no zone."""
    day, clock = divmod(second + MEXICO, DAY)
    minutes, seconds = divmod(clock, 60)
    return f"{_date(day)}T{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"


@lru_cache(64)
def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY, UTC).strftime("%Y-%m-%d")


def month_end(second: int) -> int:
    """The first second of the next month in Mexico City, as an epoch second."""
    local = datetime.fromtimestamp(second + MEXICO, UTC)
    year, month = divmod(local.year * 12 + local.month, 12)
    return int(datetime(year, month + 1, 1, tzinfo=UTC).timestamp()) - MEXICO
