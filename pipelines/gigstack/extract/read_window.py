"""What a run reads of a list: all of it, or a window of time and single objects outside it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ReadWindow:
    """What to read of one list of one team.

    The window is from `start` (None: read everything) to `end` (None: now); `open_items` are the
    ids of objects outside it that are read one by one. Where the list shows what changed since
    `changed_since`, that is read instead. The response log stores these names.
    """

    start: datetime | None = None
    open_items: tuple[str, ...] = ()
    end: datetime | None = None
    changed_since: datetime | None = None


ReadWindows = dict[tuple[str, str], ReadWindow]  # by resource and team
