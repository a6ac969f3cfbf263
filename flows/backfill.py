"""On demand: read a history again, slice by slice, the newest first."""

from collections.abc import Sequence
from pathlib import Path
from time import sleep
from typing import Any

from prefect import flow
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.client.schemas.objects import State

from flows import steps
from flows.access import settings_of
from flows.naming import run_name, teams_named
from flows.outcome import run_flow
from flows.parameters import Day, Resources, SliceDays, Teams, WaitMinutes, today
from flows.turns import turn
from pipelines.foundation.errors import ConfigurationError
from pipelines.gigstack.settings import Settings
from pipelines.load.backfill import Backfill, BackfillSlice, slices, windowed
from pipelines.load.run import LoadOptions
from pipelines.load.select import select_resources
from pipelines.monitoring.result import RunResult, missing_in

PAUSE_SECONDS = 1.0  # between slices, for a run that waits for its turn


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

    A run that ends early is gone on with by the next one with the same parameters.

    Args:
        since: The first day, by Mexico City's calendar.
        until: The last day; it belongs to what is read. Empty: today.
        teams: Ids, or ["all"]. Empty: as configured, else the key's own team.
        resources: Streams or tables. Empty: all that are not read whole every night.
        slice_days: How many days are read at a time.
        data_dir: Where everything is written. Empty: GIGSTACK_DATA_DIR, else `data`.
        wait_minutes: How long to wait for another run on the same warehouse.
    """
    days = slices(since, until or today(), slice_days)

    def read_slices(result: RunResult, where: Path) -> None:
        _read_slices(result, where, days, teams, resources or [], wait_minutes)

    return run_flow("backfill", data_dir, wait_minutes, steps.publish_changes, read_slices)


def _read_slices(
    result: RunResult,
    where: Path,
    days: Sequence[BackfillSlice],
    teams: Sequence[str] | None,
    names: Sequence[str],
    wait_minutes: float,
) -> None:
    """Load every slice that is not done yet, each in a turn of its own."""
    if not days:
        raise ConfigurationError("until lies before since; there is nothing to read.")
    resources = windowed(select_resources(names, settings_of(teams).documents), names)
    question = {"teams": teams, "streams": [resource.name for resource in resources]}
    progress = Backfill(where, question, days)
    artifact: Any = create_progress_artifact(
        progress.percent_done, key="gigstack-backfill-slices", description=f"{len(days)} slices"
    )
    for one in progress.to_do:
        options = LoadOptions("backfill", one.since, until=one.until)
        with turn(where, wait_minutes):
            run = steps.load(f"{teams_named(teams)} {one}", teams, where, resources, options)
        result.runs.append(run)
        if not any(missing_in(run)):
            progress.finish(one)
        update_progress_artifact(artifact, progress.percent_done)
        sleep(PAUSE_SECONDS)
