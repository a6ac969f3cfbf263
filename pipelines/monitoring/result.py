"""What a night does: load, transform, publish; and what it leaves for somebody to look at.

The command `run` and the flows call these steps, each in its own way.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from pipelines.gigstack.endpoints import RESOURCES
from pipelines.monitoring.alerts import AlertUpdate
from pipelines.publish.publication import Publication
from pipelines.transform.build import Transformation
from pipelines.warehouse.run_log import Comparison, LoadResult


@dataclass
class RunResult:
    """What came of each step; None of a step that was not reached or not asked for. `repeats` are
    loads of what a team then still lacked; `not_sent` says why alerts were not sent.
    """

    runs: list[LoadResult] = field(default_factory=list)
    repeats: list[LoadResult] = field(default_factory=list)
    transformation: Transformation | None = None
    alerts: AlertUpdate | None = None
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
        return "warn" if any(self.warnings()) else "ok"

    def missing(self) -> Iterator[str]:
        """What is not in the warehouse, or not as the API delivered it; one line each."""
        made_up = {
            (resource.team_id, resource.resource)
            for run in self.repeats
            for resource in run.resources
            if resource.status == "ok"
        }
        for run in (*self.runs, *self.repeats):
            yield from missing_in(run, made_up if run in self.runs else ())

    def warnings(self) -> Iterator[str]:
        """What is all there, and still wants somebody's attention; one line each."""
        for run in (*self.runs, *self.repeats):
            yield from warnings_in(run)
        if self.transformation:
            yield from self.transformation.warnings
        if self.not_sent:
            yield self.not_sent


def missing_in(run: LoadResult, made_up: Collection[tuple[str, str]] = ()) -> Iterator[str]:
    """Lists that could not be read, teams out of reach, rows and sums that differ. `made_up` are
    teams and streams that a later run has read.
    """
    if run.message:
        yield run.message
    for resource in run.resources:
        if resource.status == "failed" and (resource.team_id, resource.resource) not in made_up:
            yield f"{resource.team_id} {resource.resource}: {resource.error}"
    for team in sorted(run.teams_out_of_reach()):
        yield f"{team}: not one list answers; is the team in reach of the key?"
    for found in run.differences:
        if not _is_rejected(found, run):
            yield (
                f"{found.team_id} {found.resource}, {found.measure}: the API delivered "
                f"{found.api_value:,}, the warehouse holds {found.warehouse_value:,}"
            )


def _is_rejected(found: Comparison, run: LoadResult) -> bool:
    """Whether it is just the rejected records that make the difference: these are kept and told."""
    entity = RESOURCES[found.resource].entity
    own = [reject.resource for reject in run.rejects if reject.team_id == found.team_id]
    of_entity = sum(RESOURCES[resource].entity == entity for resource in own)
    return found.measure == "rows" and -found.difference in (own.count(found.resource), of_entity)


def warnings_in(run: LoadResult) -> Iterator[str]:
    """Rejects, drift, deletions held back, and documents that wait for their turn."""
    if run.rejects:
        yield f"{len(run.rejects):,} records were rejected; they are kept in ops.rejects"
    if run.drift:
        names = ", ".join(f"{resource}.{path}" for resource, path, _ in sorted(run.drift)[:3])
        more = f" and {len(run.drift) - 3} more" if len(run.drift) > 3 else ""
        yield f"the API sends what is not declared (kept in the column extra): {names}{more}"
    yield from run.held_back
    if postponed := run.total("postponed"):
        yield f"documents of {postponed:,} parents wait for the next run (request budget)"
