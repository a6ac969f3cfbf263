"""Between the nights: load support documents that are new or changed."""

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


@flow(flow_run_name=run_name(lambda *_: "documents"), persist_result=False)
def refresh_documents(
    teams: Teams = None, data_dir: Path | None = None, wait_minutes: WaitMinutes = 10
) -> State[Any]:
    """Load support documents and their parents, within the request budget. If something changed,
    build and test the models, and publish.

    Args:
        teams: Ids, or ["all"]. Empty: as configured, else the key's own team.
        data_dir: The directory for all files. Empty: GIGSTACK_DATA_DIR, else `data`.
        wait_minutes: How long to wait for another run on the same warehouse.
    """

    def work(result: RunResult, directory: Path) -> None:
        steps.load_teams(result, teams, directory, LoadOptions(), ["support_documents"])
        steps.publish_changes(result, directory)

    return run_flow("refresh_documents", data_dir, wait_minutes, work)
