"""Every week: read the whole account, find what changed silently, mark what is gone."""

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import steps
from flows.naming import run_name
from flows.outcome import run_flow
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
    """Load everything, mark what vanished as deleted, build and test the models, publish.

    Args:
        teams: Ids, or ["all"]. Empty: as configured, else the key's own team.
        data_dir: Where everything is written. Empty: GIGSTACK_DATA_DIR, else `data`.
        wait_minutes: How long to wait for another run on the same warehouse.
        allow_mass_delete: Mark as deleted also more than a fifth of a table.
    """

    def work(result: RunResult, where: Path) -> None:
        options = LoadOptions("full", allow_mass_delete=allow_mass_delete)
        steps.load_group(result, teams, where, options)
        steps.build_and_publish(result, where)

    return run_flow("full_sweep", data_dir, wait_minutes, work)
