"""On demand: publish the warehouse as it is."""

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import steps
from flows.flow_run import run_flow
from flows.naming import run_name
from flows.parameters import Pii, WaitMinutes
from pipelines.monitoring.result import RunResult


@flow(flow_run_name=run_name(lambda *_: "published files"), persist_result=False)
def publish(
    data_dir: Path | None = None, pii: Pii = None, wait_minutes: WaitMinutes = 60
) -> State[Any]:
    """Write the snapshot and the Parquet files that BI reads, from the warehouse as it is.

    Args:
        data_dir: The directory for all files. Empty: GIGSTACK_DATA_DIR, else `data`.
        pii: What to do with personal data. Empty: as configured, else it is kept.
        wait_minutes: How long to wait for another run on the same warehouse.
    """

    def work(result: RunResult, directory: Path) -> None:
        result.publication = steps.publish(directory, pii)

    return run_flow("publish", data_dir, wait_minutes, work)
