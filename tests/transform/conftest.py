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
from tests.events import earlier_day, is_refundable, newest, replaceable
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


def _plan_events(account: Account) -> None:
    """A refund and a cancellation that will surely come, before anything else does."""
    with earlier_day(account, 0) as day:
        payment, _ = newest(day, "payments", is_refundable)
        account.store.plan(day.end, payment, "refund")
        account.store.plan(day.end, replaceable(day), "substitute")


def last_day(account: Account) -> date:
    return account.now.astimezone(MEXICO_CITY).date() - timedelta(days=1)


@pytest.fixture(scope="session")
def next_nights(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """The same twelve days later, built incrementally. Shared by the tests of one module."""
    where = tmp_path_factory.mktemp("nights")
    shutil.copy(built.account_file, where / "account.sqlite")
    shutil.copytree(built.data_dir, where / "data")
    with Account.open(where / "account.sqlite") as account:
        _plan_events(account)
        account.advance(12)
        load_account(account, where / "data")
        as_of = last_day(account)
    done = transform(where / "data", as_of=as_of, settings=SETTINGS)
    yield Built(where / "account.sqlite", where / "data", as_of, done)
