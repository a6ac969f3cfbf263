"""What a built account is, and the same account some nights later. The account itself is in
`tests/conftest.py`; tests that change it copy it.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines.foundation.time_zone import MEXICO_CITY
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.simulation.account import Account
from pipelines.transform.build import Transformation, transform
from pipelines.transform.settings import TransformSettings
from tests.pipelines.loads import run, settings_for

SETTINGS = TransformSettings()


@dataclass(frozen=True)
class Built:
    """A data directory with its models as of `as_of`, the last whole day of the account."""

    account_file: Path
    data_dir: Path
    as_of: date
    done: Transformation


def load_account(account: Account, data_dir: Path) -> None:
    with serving(create_app(account)) as url:
        run(settings_for(account, url), data_dir)


def _plan_refund(account: Account) -> None:
    """One that will surely come, of the newest payment that has succeeded."""
    store = account.store
    *_, place = (
        place
        for place, payment in store.objects(0, "payments")
        if payment["status"] == "succeeded" and "total" in payment
    )
    store.begin()
    store.plan(int(account.now.timestamp()) + 86_400, place, "refund")
    store.flush()
    store.commit()


def last_day(account: Account) -> date:
    return account.now.astimezone(MEXICO_CITY).date() - timedelta(days=1)


@pytest.fixture(scope="session")
def next_nights(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """The same twelve days later, built incrementally. Shared by the tests of one module."""
    where = tmp_path_factory.mktemp("nights")
    shutil.copy(built.account_file, where / "account.sqlite")
    shutil.copytree(built.data_dir, where / "data")
    with Account.open(where / "account.sqlite") as account:
        _plan_refund(account)
        account.advance(12)
        load_account(account, where / "data")
        as_of = last_day(account)
    done = transform(where / "data", as_of=as_of, settings=SETTINGS)
    yield Built(where / "account.sqlite", where / "data", as_of, done)
