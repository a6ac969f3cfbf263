"""On demand: read an old part of the account again, slice by slice, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any

from prefect import flow
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.client.schemas.objects import State

from flows import steps
from flows.flow_run import run_flow
from flows.locking import locked
from flows.naming import format_teams, run_name
from flows.parameters import Day, Resources, SliceDays, Teams, WaitMinutes, today
from flows.settings import read_settings_for
from pipelines.foundation.errors import ConfigurationError
from pipelines.foundation.wording import plural
from pipelines.gigstack.endpoint_types import Resource
from pipelines.gigstack.settings import Settings
from pipelines.load import LoadResult
from pipelines.load.backfill import Backfill, BackfillSlice, slices, windowed
from pipelines.load.run import LoadOptions
from pipelines.load.select import select_resources
from pipelines.monitoring.result import RunResult, errors_in

PAUSE_SECONDS = 1.0  # between slices, so that a run that waits can lock the warehouse


def _window(_: Settings, parameters: dict[str, Any]) -> str:
    return f"{parameters.get('since')} to {parameters.get('until') or today()}"


@flow(flow_run_name=run_name(_window), persist_result=False)
def backfill(
    since: Day,
    until: Day | None = None,
    teams: Teams = None,
    resources: Resources = None,
    slice_days: SliceDays = 31,
    data_dir: Path | None = None,
    wait_minutes: WaitMinutes = 60,
) -> State[Any]:
    """Read again what was created from a day on, in slices; then build and publish what changed.

    If a run ends early, the next one with the same parameters continues it.

    Args:
        since: The first day, by Mexico City's calendar.
        until: The last day, inclusive. Empty: today.
        teams: Ids, or ["all"]. Empty: as configured, else the key's own team.
        resources: Names of resources. Empty: all that are not read completely every night.
        slice_days: How many days to read at a time.
        data_dir: The directory for all files. Empty: GIGSTACK_DATA_DIR, else `data`.
        wait_minutes: How long to wait for another run on the same warehouse.
    """
    parts = slices(since, until or today(), slice_days)

    def read_slices(result: RunResult, directory: Path) -> None:
        if not parts:
            raise ConfigurationError("`until` is before `since`; there is nothing to read.")
        names = resources or []
        selected = select_resources(names, read_settings_for(teams).documents)
        _SliceReader(directory, teams, windowed(selected, names), wait_minutes).read(parts, result)

    return run_flow("backfill", data_dir, wait_minutes, steps.publish_changes, read_slices)


@dataclass(frozen=True)
class _SliceReader:
    data_dir: Path
    teams: Sequence[str] | None
    resources: Sequence[Resource]
    wait_minutes: float

    def read(self, parts: Sequence[BackfillSlice], result: RunResult) -> None:
        """Load every pending slice; the warehouse is locked for each of them anew."""
        names = [resource.name for resource in self.resources]
        progress = Backfill(self.data_dir, {"teams": self.teams, "streams": names}, parts)
        artifact: Any = create_progress_artifact(
            progress.percent_done,
            key="gigstack-backfill-slices",
            description=plural(len(parts), "slice"),
        )
        for part in progress.pending:
            load = self._load(part)
            result.loads.append(load)
            if not any(errors_in(load)):
                progress.finish(part)
            update_progress_artifact(artifact, progress.percent_done)
            sleep(PAUSE_SECONDS)

    def _load(self, part: BackfillSlice) -> LoadResult:
        options = LoadOptions("backfill", part.since, until=part.until)
        label = f"{format_teams(self.teams)} {part}"
        with locked(self.data_dir, self.wait_minutes):
            return steps.load(label, self.teams, self.data_dir, self.resources, options)
