"""What a run reads of each list: everything, a window of time, and single objects beyond it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ReadWindow:
    """What to read of one list of one team: from `start` on (None: all), up to `end` (None: now),
    and single objects.
    """

    start: datetime | None = None
    open_items: tuple[str, ...] = ()
    end: datetime | None = None


ReadWindows = dict[tuple[str, str], ReadWindow]  # by stream and team
