"""One real Prefect server for the session, on loopback, with a home of its own and no telemetry."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client

from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.simulation.account import Account
from tests.accounts import create_account
from tests.flows.runs import Prefect
from tests.flows.server import server
from tests.pipelines.commands import access
from tests.pipelines.loads import run, settings_for


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    """The server; tests and the processes that they start talk to it."""
    with server(tmp_path_factory.mktemp("prefect")) as started:
        yield started


@pytest.fixture
def client(prefect: Prefect) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as one:
        assert str(one.api_url).rstrip("/") == prefect.url
        yield one


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Shared: read it, never advance it."""
    path = tmp_path_factory.mktemp("account") / "account.sqlite"
    with create_account(path, clients=6, months=2, teams=2) as created:
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
