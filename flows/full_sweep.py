"""Every week: read the whole account, which finds silent changes and deletions."""

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import steps
from flows.flow_run import run_flow
from flows.naming import run_name
from flows.parameters import Teams, WaitMinutes
from pipelines.load.run import LoadOptions
from pipelines.monitoring.result import RunResult


@flow(flow_run_name=run_name(lambda *_: "everything"), persist_result=False)
def full_sweep(
    teams: Teams = None,
    data_dir: Path | None = None,
    wait_minutes: WaitMinutes = 240,
    allow_mass_delete: bool = False,
) -> State[Any]:
    """Load everything, mark what is gone as deleted, build and test the models, publish.

    Args:
        teams: Ids, or ["all"]. Empty: as configured, else the key's own team.
        data_dir: The directory for all files. Empty: GIGSTACK_DATA_DIR, else `data`.
        wait_minutes: How long to wait for another run on the same warehouse.
        allow_mass_delete: Allow marking more than 20 % of a table as deleted.
    """

    def work(result: RunResult, directory: Path) -> None:
        options = LoadOptions("full", allow_mass_delete=allow_mass_delete)
        steps.load_teams(result, teams, directory, options)
        steps.build_and_publish(result, directory)

    return run_flow("full_sweep", data_dir, wait_minutes, work)
