"""What a night does: load, transform, publish; and what it leaves for somebody to look at.

The command `run` and the flows call these steps, each in its own way.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from pipelines.gigstack.endpoints import STREAMS
from pipelines.monitoring.alerts import News
from pipelines.publish.publication import Publication
from pipelines.transform.build import Transformation
from pipelines.warehouse.run_log import Comparison, RunReport


@dataclass
class Night:
    """What came of each step; None of a step that was not reached or not asked for. `repeats` are
    loads of what a team then still lacked; `not_sent` says why alerts were not sent.
    """

    runs: list[RunReport] = field(default_factory=list)
    repeats: list[RunReport] = field(default_factory=list)
    transformation: Transformation | None = None
    alerts: News | None = None
    not_sent: str | None = None
    publication: Publication | None = None

    @property
    def status(self) -> str:
        """`failed` or `partial` when data is missing or wrong, `warn` when something needs a
        look, else `ok`.
        """
        if any(run.status == "failed" for run in self.runs):
            return "failed"
        if any(self.missing()):
            return "partial"
        return "warn" if any(self.to_look_at()) else "ok"

    def missing(self) -> Iterator[str]:
        """What is not in the warehouse, or not as the API delivered it; one line each."""
        made_up = {
            (stream.team_id, stream.stream)
            for run in self.repeats
            for stream in run.streams
            if stream.status == "ok"
        }
        for run in (*self.runs, *self.repeats):
            yield from missing_in(run, made_up if run in self.runs else ())

    def to_look_at(self) -> Iterator[str]:
        """What is all there, and still wants somebody's attention; one line each."""
        for run in (*self.runs, *self.repeats):
            yield from to_look_at_in(run)
        if self.transformation:
            yield from self.transformation.warnings
        if self.not_sent:
            yield self.not_sent


def missing_in(run: RunReport, made_up: Collection[tuple[str, str]] = ()) -> Iterator[str]:
    """Lists that could not be read, teams out of reach, rows and sums that differ. `made_up` are
    teams and streams that a later run has read.
    """
    if run.message:
        yield run.message
    for stream in run.streams:
        if stream.status == "failed" and (stream.team_id, stream.stream) not in made_up:
            yield f"{stream.team_id} {stream.stream}: {stream.error}"
    for team in sorted(run.teams_out_of_reach()):
        yield f"{team}: not one list answers; is the team in reach of the key?"
    for found in run.differences:
        if not _is_rejected(found, run):
            yield (
                f"{found.team_id} {found.stream}, {found.measure}: the API delivered "
                f"{found.api_value:,}, the warehouse holds {found.warehouse_value:,}"
            )


def _is_rejected(found: Comparison, run: RunReport) -> bool:
    """Whether it is just the rejected records that make the difference: these are kept and told."""
    entity = STREAMS[found.stream].entity
    own = [reject.stream for reject in run.rejects if reject.team_id == found.team_id]
    of_entity = sum(STREAMS[stream].entity == entity for stream in own)
    return found.measure == "rows" and -found.difference in (own.count(found.stream), of_entity)


def to_look_at_in(run: RunReport) -> Iterator[str]:
    """Rejects, drift, deletions held back, and documents that wait for their turn."""
    if run.rejects:
        yield f"{len(run.rejects):,} records were rejected; they are kept in ops.rejects"
    if run.drift:
        names = ", ".join(f"{stream}.{path}" for stream, path, _ in sorted(run.drift)[:3])
        more = f" and {len(run.drift) - 3} more" if len(run.drift) > 3 else ""
        yield f"the API sends what is not declared (kept in the column extra): {names}{more}"
    yield from run.held_back
    if postponed := run.total("postponed"):
        yield f"documents of {postponed:,} parents wait for the next run (request budget)"
