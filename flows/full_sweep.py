"""Every week: read the whole account, find what changed silently, mark what is gone."""

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import steps
from flows.naming import run_name
from flows.outcome import conclude
from flows.parameters import AllowMassDelete, DataDir, Teams, WaitMinutes
from pipelines.load import Order
from pipelines.night import Night


@flow(flow_run_name=run_name(lambda *_: "everything"), persist_result=False)
def full_sweep(
    teams: Teams = None,
    data_dir: DataDir = None,
    wait_minutes: WaitMinutes = 240,
    allow_mass_delete: AllowMassDelete = False,
) -> State[Any]:
    """Load everything, mark what vanished as deleted, build and test the models, publish."""

    def work(night: Night, where: Path) -> None:
        order = Order("full", allow_mass_delete=allow_mass_delete)
        steps.load_group(night, teams, where, order)
        steps.build_and_publish(night, where)

    return conclude("full_sweep", data_dir, wait_minutes, work)
