"""A real Prefect server in a process of its own, on loopback, with a home of its own and no
telemetry.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import httpx
from prefect.context import refresh_global_settings_context
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker

from tests.flows.runs import Prefect, ended
from tests.pipelines.commands import environment

PATIENCE = 120.0  # seconds for the server to answer
SECONDS_TO_SAY_ALL = 20.0
QUICK = {  # how often a server and a worker look what there is to do
    "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "1",
    "PREFECT_SERVER_EVENTS_PROACTIVE_GRANULARITY": "PT1S",
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    "PREFECT_RUNNER_POLL_FREQUENCY": "1",
}


@contextmanager
def server(home: Path) -> Iterator[Prefect]:
    """The server, while the block runs; this process and those that it starts talk to it."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}/api"
    telemetry = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    its_own = environment(PREFECT_HOME=str(home), **telemetry, **QUICK)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
    with (home / "server.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--no-ui"],
            env=its_own,
            cwd=home,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        with ended(process):
            _wait_for(url, process, home / "server.log")
            env = its_own | {"PREFECT_API_URL": url}
            with _talking_to_it(env):
                yield Prefect(url, home, env)


@contextmanager
def _talking_to_it(env: dict[str, str]) -> Iterator[None]:
    """This process is told of the server as the others are, and has said all before it ends."""
    ours = {name: env[name] for name in env if name.startswith(("PREFECT", "DO_NOT_TRACK"))}
    with patch.dict(os.environ, ours):
        refresh_global_settings_context()
        yield
        APILogWorker.drain_all(timeout=SECONDS_TO_SAY_ALL)
        EventsWorker.drain_all(timeout=SECONDS_TO_SAY_ALL)
    refresh_global_settings_context()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/health", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise TimeoutError(f"no Prefect server at {url}:\n{log.read_text()[-3000:]}")
