"""The result of a whole run: load, transform, publish, and what of it needs attention.

The command `run` and the flows call these steps, each in its own way.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from pipelines.foundation.wording import plural, shorten
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.monitoring.alerts import AlertUpdate
from pipelines.publish.publication import Publication
from pipelines.transform.build import Transformation
from pipelines.warehouse.model_builds import tell_older
from pipelines.warehouse.run_log import Comparison, LoadResult

MAX_DRIFT_PATHS = 3  # named in a warning; the others are counted


@dataclass
class RunResult:
    """The result of each step; None if the step was not reached or not requested. `reloads` are
    loads of resources that had failed for a team. `send_error` says why alerts were not sent.
    """

    loads: list[LoadResult] = field(default_factory=list)
    reloads: list[LoadResult] = field(default_factory=list)
    transformation: Transformation | None = None
    alerts: AlertUpdate | None = None
    send_error: str | None = None
    publication: Publication | None = None

    @property
    def status(self) -> str:
        """`failed` or `partial` when data is missing or wrong, `warn` when something needs
        attention, else `ok`.
        """
        if any(load.status == "failed" for load in self.loads):
            return "failed"
        if any(self.errors()):
            return "partial"
        return "warn" if any(self.warnings()) else "ok"

    def errors(self) -> Iterator[str]:
        """What is missing in the warehouse, differs from the API, or is older than the rest; one
        line each.
        """
        reloaded = {
            (stats.team_id, stats.resource)
            for load in self.reloads
            for stats in load.resources
            if stats.status == "ok"
        }
        for load in self.loads:
            yield from errors_in(load, reloaded)
        for load in self.reloads:
            yield from errors_in(load)
        if self.transformation:
            yield from tell_older(self.transformation.older)

    def warnings(self) -> Iterator[str]:
        """What is complete and still needs attention; one line each."""
        for load in (*self.loads, *self.reloads):
            yield from warnings_in(load)
        if self.transformation:
            yield from self.transformation.warnings
        if self.send_error:
            yield self.send_error


def errors_in(load: LoadResult, reloaded: Collection[tuple[str, str]] = ()) -> Iterator[str]:
    """Failed resources, unreachable teams, and rows and amounts that differ. `reloaded` are teams
    and resources that a later load has read.
    """
    if load.message:
        yield load.message
    for stats in load.resources:
        if stats.status == "failed" and (stats.team_id, stats.resource) not in reloaded:
            yield f"{stats.team_id} {stats.resource}: {stats.error}"
    for team in sorted(load.unreachable_teams()):
        yield f"{team}: none of its lists answers; does the key have access to this team?"
    for difference in load.differences:
        if not _is_explained_by_rejects(difference, load):
            yield (
                f"{difference.team_id} {difference.resource}, {difference.measure}: "
                f"the API delivered {difference.api_value:,}, "
                f"the warehouse holds {difference.warehouse_value:,}"
            )


def _is_explained_by_rejects(difference: Comparison, load: LoadResult) -> bool:
    """Whether only rejected records make the difference; these are kept, and reported as such."""
    entity = RESOURCES[difference.resource].entity
    rejects = [r.resource for r in load.rejects if r.team_id == difference.team_id]
    of_entity = sum(RESOURCES[resource].entity == entity for resource in rejects)
    explained = (rejects.count(difference.resource), of_entity)
    return difference.measure == "rows" and -difference.difference in explained


def warnings_in(load: LoadResult) -> Iterator[str]:
    """Rejects, new drift, skipped deletions, and documents left for the next run."""
    if rejects := len(load.rejects):
        verbs = ("was", "is") if rejects == 1 else ("were", "are")
        yield f"{plural(rejects, 'record')} {verbs[0]} rejected and {verbs[1]} kept in ops.rejects"
    if load.new_drift:
        paths = [f"{resource}.{path}" for resource, path, _ in load.new_drift]
        fields = shorten(paths, MAX_DRIFT_PATHS)
        yield f"the API sends fields or values that are new (kept in the column extra): {fields}"
    yield from load.skipped_deletions
    if postponed := load.total("postponed"):
        documents = f"the documents of {plural(postponed, 'parent')}"
        yield f"{documents} wait for the next run (request budget)"
