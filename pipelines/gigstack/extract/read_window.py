"""What a run reads of each list: everything, a window of time, and single objects beyond it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Reading:
    """What to read of one list of one team: from `start` on (None: all), up to `end` (None: now),
    and single objects.
    """

    start: datetime | None = None
    open_items: tuple[str, ...] = ()
    end: datetime | None = None


Readings = dict[tuple[str, str], Reading]  # by stream and team
