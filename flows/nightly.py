"""Every night: load what may have changed, build the models, publish."""

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import steps
from flows.flow_run import run_flow
from flows.naming import run_name
from flows.parameters import Teams, WaitMinutes
from pipelines.gigstack.settings import Settings
from pipelines.load.run import LoadOptions
from pipelines.monitoring.result import RunResult


def _window(settings: Settings, _: dict[str, Any]) -> str:
    return f"last {settings.lookback_days} days"


@flow(flow_run_name=run_name(_window), persist_result=False)
def nightly(
    teams: Teams = None, data_dir: Path | None = None, wait_minutes: WaitMinutes = 60
) -> State[Any]:
    """Load what may have changed since the last night, build and test the models, publish.

    A run loads one group of teams; runs of several groups on one warehouse wait for each other.

    Args:
        teams: Ids, or ["all"]. Empty: as configured, else the key's own team.
        data_dir: The directory for all files. Empty: GIGSTACK_DATA_DIR, else `data`.
        wait_minutes: How long to wait for another run on the same warehouse.
    """

    def work(result: RunResult, directory: Path) -> None:
        steps.load_teams(result, teams, directory, LoadOptions())
        steps.build_and_publish(result, directory)

    return run_flow("nightly", data_dir, wait_minutes, work)
