"""At any time: publish what the warehouse holds."""

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import steps
from flows.naming import run_name
from flows.outcome import conclude
from flows.parameters import DataDir, Pii, WaitMinutes
from pipelines.night import Night


@flow(flow_run_name=run_name(lambda *_: "published files"), persist_result=False)
def publish(
    data_dir: DataDir = None, pii: Pii = None, wait_minutes: WaitMinutes = 60
) -> State[Any]:
    """Write the snapshot and the Parquet files that BI reads, from the warehouse as it is."""

    def work(night: Night, where: Path) -> None:
        night.publication = steps.publish(where, pii)

    return conclude("publish", data_dir, wait_minutes, work)
