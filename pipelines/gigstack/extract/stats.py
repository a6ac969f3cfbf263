"""What came of one stream of one team, as it grows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from pipelines.gigstack.api.client import RequestStats
from pipelines.gigstack.normalize.batch import Batch


@dataclass
class ResourceStats:
    """A row of `ops.run_streams` in the making. `seconds` is from its first request to its last."""

    resource: str
    team_id: str
    status: str = "ok"
    request_stats: RequestStats = field(default_factory=RequestStats)
    pages: int = 0
    rows_seen: int = 0
    rows_changed: int = 0
    rows_deleted: int = 0
    rejects: int = 0
    api_total: int | None = None
    window_start: datetime | None = None  # None: from the beginning
    complete_sweep: bool = False  # every page was read, without an error
    is_shifted: bool = False  # a list of numbered pages changed while it was read
    seconds: float = 0.0
    error: str | None = None
    is_done: bool = False
    postponed: int = 0  # parents that wait for the next run
    parents: list[str] = field(default_factory=list)  # asked for their documents, and answered

    def add(self, batch: Batch) -> None:
        """Count what a batch holds of this stream and team."""
        key = (self.resource, self.team_id)
        self.rows_seen += batch.seen[key]
        self.rows_changed += batch.changed[key]
        self.rejects += sum((r.resource, r.team_id) == key for r in batch.rejects)


ProgressCallback = Callable[[ResourceStats], None]
