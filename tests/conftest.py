"""What tests of several packages share: one account, loaded and built once for all."""

import pytest

from pipelines.transform.build import transform
from tests.accounts import create_account
from tests.transform.conftest import SETTINGS, Built, last_day, load_account


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Two teams. Shared: read it, or copy its files."""
    where = tmp_path_factory.mktemp("built")
    with create_account(where / "account.sqlite", clients=16, months=3, teams=2) as account:
        load_account(account, where / "data")
        as_of = last_day(account)
    done = transform(where / "data", as_of=as_of, settings=SETTINGS)
    return Built(where / "account.sqlite", where / "data", as_of, done)
