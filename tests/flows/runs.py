"""Flow runs as Prefect's API tells of them, and processes that run them."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import FlowRun

PATIENCE = 600.0  # seconds for what a server, a worker or a run is to do
SECONDS_TO_END = 20.0


@dataclass(frozen=True)
class Prefect:
    """A server, and the environment of the processes that are to talk to it."""

    url: str
    home: Path
    env: dict[str, str]


@contextmanager
def ended(process: "subprocess.Popen[Any]") -> Iterator[None]:
    """A process that does not outlive the block: interrupted, and killed if that is not enough."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until(what: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """What it answers, as soon as that is true."""
    deadline = time.monotonic() + patience
    while not (found := what()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {patience:.0f} s")
        time.sleep(0.2)
    return found


def artifacts(client: SyncPrefectClient, run_id: UUID | None) -> dict[str, Any]:
    """What a run has left, by key; tables as lists of rows."""
    assert run_id
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
    found = client.read_artifacts(artifact_filter=of_run)
    return {
        str(one.key): json.loads(str(one.data)) if one.type == "table" else one.data
        for one in found
    }


def logs(client: SyncPrefectClient, run_id: UUID) -> list[str]:
    of_run = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id]))
    return [log.message for log in client.read_logs(of_run)]


def run_of(client: SyncPrefectClient, state: Any) -> FlowRun:
    """The run that ended in a state."""
    return client.read_flow_run(state.state_details.flow_run_id)


@contextmanager
def process(command: list[str], env: dict[str, str], log: Path) -> Iterator[Path]:
    """A process that works while the block runs; yields the file of what it says."""
    with log.open("w") as said:
        started = subprocess.Popen(
            command, env={**os.environ, **env}, stdout=said, stderr=subprocess.STDOUT
        )
        with ended(started):
            yield log
