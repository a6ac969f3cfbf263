"""One real Prefect server for the session, on loopback, with a home of its own and no telemetry."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.context import refresh_global_settings_context
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker

from pipelines.sandbox.account import Account
from pipelines.sandbox.server import create_app, serving
from tests.flows.runs import Prefect, ended
from tests.pipelines.commands import access, environment
from tests.pipelines.loads import run, settings_for

PATIENCE = 120.0  # seconds for the server to answer
SECONDS_TO_SAY_ALL = 20.0
QUICK = {  # how often a server and a worker look what there is to do
    "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "1",
    "PREFECT_SERVER_EVENTS_PROACTIVE_GRANULARITY": "PT1S",
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    "PREFECT_RUNNER_POLL_FREQUENCY": "1",
}


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    """The server; tests and the processes that they start talk to it."""
    home = tmp_path_factory.mktemp("prefect")
    port = _free_port()
    url = f"http://127.0.0.1:{port}/api"
    telemetry = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    env = environment(PREFECT_HOME=str(home), PREFECT_API_URL=url, **telemetry, **QUICK)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
    with (home / "server.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--no-ui"],
            env={name: value for name, value in env.items() if name != "PREFECT_API_URL"},
            cwd=home,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        with ended(process):
            _wait_for(url, process, home / "server.log")
            with _talking_to_it(env):
                yield Prefect(url, home, env)


@contextmanager
def _talking_to_it(env: dict[str, str]) -> Iterator[None]:
    """This process is told of the server as the others are, and has said all before it ends."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (name for name in env if name.startswith(("PREFECT", "DO_NOT_TRACK"))):
            patch.setenv(name, env[name])
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


@pytest.fixture
def client(prefect: Prefect) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as one:
        assert str(one.api_url).rstrip("/") == prefect.url
        yield one


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Shared: read it, never advance it."""
    path = tmp_path_factory.mktemp("account") / "account.sqlite"
    with Account.create(path, clients=6, months=2, teams=2) as created:
        yield created


@pytest.fixture(scope="session")
def base_url(account: Account) -> Iterator[str]:
    with serving(create_app(account)) as url:
        yield url


@pytest.fixture(scope="session")
def loaded(account: Account, base_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory after a complete load of the shared account: copy it."""
    data_dir = tmp_path_factory.mktemp("loaded") / "data"
    run(settings_for(account, base_url), data_dir)
    return data_dir


@pytest.fixture
def data_dir(loaded: Path, tmp_path: Path) -> Path:
    """A copy of the loaded data directory."""
    return Path(shutil.copytree(loaded, tmp_path / "data"))


@pytest.fixture
def reach(monkeypatch: pytest.MonkeyPatch, account: Account, base_url: str) -> None:
    """The environment in which flows of this process reach the shared account."""
    configure(monkeypatch, account, base_url)


def configure(monkeypatch: pytest.MonkeyPatch, account: Account, url: str, **more: str) -> None:
    for name in list(os.environ):
        if name.startswith(("GIGSTACK", "SOURCES__")):
            monkeypatch.delenv(name)
    for name, value in (access(account, url) | more).items():
        monkeypatch.setenv(name, value)
