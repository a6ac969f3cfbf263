"""What came of one stream of one team, as it grows."""

from collections.abc import Callable
from dataclasses import dataclass, field

from pipelines.gigstack.client import Meter


@dataclass
class StreamReport:
    """A row of `ops.run_streams` in the making. `seconds` is from its first request to its last."""

    stream: str
    team_id: str
    status: str = "ok"
    meter: Meter = field(default_factory=Meter)
    pages: int = 0
    rows_seen: int = 0
    rows_changed: int = 0
    rejects: int = 0
    api_total: int | None = None
    complete_sweep: bool = False
    seconds: float = 0.0
    error: str | None = None
    is_done: bool = False
    postponed: int = 0  # parents that wait for the next run
    parents: list[str] = field(default_factory=list)  # asked for their documents, and answered


Watcher = Callable[[StreamReport], None]
