"""One small account and its complete load for the session; tests that change them copy them."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.simulation.lists import drafts, retentions
from pipelines.warehouse.run_log import LoadResult
from tests.accounts import create_account
from tests.events import credit_an_invoice, earlier_day, find_on_a_list, one_more, pay_twice
from tests.once import once
from tests.pipelines.loads import run, settings_for
from tests.pipelines.story import Story, create, tell


@dataclass(frozen=True)
class Loaded:
    """A data directory after the first complete load of `account`."""

    data_dir: Path
    report: LoadResult


@pytest.fixture(scope="session")
def account_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "account", _create)


def _create(where: Path) -> Path:
    """With rows for every table, whatever chance brings."""
    path = where / "account.sqlite"
    with (
        create_account(path, clients=12, months=2, teams=3) as account,
        earlier_day(account, 0) as day,
    ):
        drafts.add_draft(one_more(day, "drafts"), day.team.clients[0])
        retentions.add_retention(one_more(day, "retentions"))
        credit_an_invoice(day)
        pay_twice(day)
        find_on_a_list(day)
    return path


@pytest.fixture(scope="session")
def account(account_file: Path) -> Iterator[Account]:
    """Shared: read it, never advance it."""
    with Account.open(account_file) as opened:
        yield opened


@pytest.fixture
def own_account(account_file: Path, tmp_path: Path) -> Iterator[Account]:
    """The same account in a copy that the test may advance."""
    shutil.copy(account_file, tmp_path / "own.sqlite")
    with Account.open(tmp_path / "own.sqlite") as opened:
        yield opened


@pytest.fixture(scope="session")
def base_url(account: Account) -> Iterator[str]:
    """The shared account, served without faults."""
    with serving(create_app(account)) as url:
        yield url


@pytest.fixture(scope="session")
def loaded(account: Account, base_url: str, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Shared: read it, or copy `data_dir`."""

    def load(where: Path) -> Loaded:
        return Loaded(where / "data", run(settings_for(account, base_url), where / "data"))

    return once(tmp_path_factory, "loaded", load)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def loaded_copy(loaded: Loaded, data_dir: Path) -> Path:
    """A copy of the loaded data directory."""
    shutil.copytree(loaded.data_dir, data_dir)
    return data_dir


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Shared: an account that is never advanced again; copy the data directories of its nights."""
    where = tmp_path_factory.mktemp("story")
    with create(where / "account.sqlite") as told, serving(create_app(told)) as url:
        yield tell(told, url, where)
