"""What a run read of each resource and team, counted while it reads."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from pipelines.foundation.errors import GigstackError
from pipelines.foundation.wording import one_line, plural
from pipelines.gigstack.api.client import RequestStats
from pipelines.gigstack.normalize.batch import Batch
from pipelines.gigstack.normalize.drift import FOREIGN_REASONS


@dataclass
class ResourceStats:
    """The future row of `ops.run_streams` for one resource and team.

    `seconds` is the time from its first request to its last.
    """

    resource: str
    team_id: str
    status: str = "ok"  # or unavailable, or failed
    request_stats: RequestStats = field(default_factory=RequestStats)
    pages: int = 0
    rows_seen: int = 0
    rows_changed: int = 0
    rows_deleted: int = 0
    rejects: int = 0
    foreign: int = 0  # of them, records that say that they belong to another team or mode
    api_total: int | None = None
    needed_total: int | None = None  # so many different records make the list whole
    window_start: datetime | None = None  # None: everything
    complete_sweep: bool = False  # every page was read, without an error
    is_shifted: bool = False  # the list changed each time that it was read
    seconds: float = 0.0
    unseen_fields: Collection[str] = ()  # declared, and no record had a value in it
    date_filter: str | None = None  # the spelling that was used, or that none is honoured
    error: str | None = None
    is_done: bool = False
    postponed: int = 0  # parents left for the next run
    parents: list[str] = field(default_factory=list)  # whose documents were read

    def fail(self, error: Exception | str) -> None:
        """Record why the resource could not be read."""
        text = str(error)
        if isinstance(error, Exception) and not isinstance(error, GigstackError):
            text = f"{type(error).__name__}: {error}"
        self.status, self.error = "failed", one_line(text)

    def add(self, batch: Batch) -> None:
        """Count what a batch holds of this resource and team."""
        key = (self.resource, self.team_id)
        self.rows_seen += batch.seen[key]
        self.rows_changed += batch.changed[key]
        rejects = [r for r in batch.rejects if (r.resource, r.team_id) == key]
        self.rejects += len(rejects)
        self.foreign += sum(reject.reason in FOREIGN_REASONS.values() for reject in rejects)
        if self.foreign and self.status == "ok":
            self.fail(f"{plural(self.foreign, 'record')} of another team or mode")


ProgressCallback = Callable[[ResourceStats], None]
