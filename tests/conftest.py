"""What tests of several packages share: one account, loaded and built once for all, and the order
in which they run.
"""

from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.simulation.lists import income, payments
from pipelines.transform.build import transform
from pipelines.transform.dbt_runner import dbt
from tests.accounts import create_account
from tests.events import (
    cancel_a_complement,
    earlier_day,
    is_refundable,
    newest,
    prove_an_invoice,
    replaceable,
    sell_in_dollars,
)
from tests.groups import GROUPS, SLOW_FIXTURES, group_of, rank
from tests.once import once
from tests.transform.conftest import SETTINGS, Built, last_day, load_account


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out one group after the other to whichever process is free."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    config.option.loadscopereorder = False  # the order is that of `pytest_collection_modifyitems`
    return GroupScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: rank(item.nodeid))
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if group_of(item.nodeid) in GROUPS or fixtures & SLOW_FIXTURES:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Two teams. Shared: read it, or copy its files."""
    return once(tmp_path_factory, "built", _build)


def _build(where: Path) -> Built:
    with create_account(where / "account.sqlite", clients=16, months=3, teams=2) as account:
        _make_events(account)
        load_account(account, where / "data")
        as_of = last_day(account)
    done = transform(where / "data", as_of=as_of, settings=SETTINGS)
    # parsed once for all builds of a copy that are not as of a day
    dbt(where / "data", ["compile", "--select", "dim_team"], SETTINGS.variables)
    return Built(where / "account.sqlite", where / "data", as_of, done)


def _make_events(account: Account) -> None:
    """What the models have something to say about, and chance brings seldom."""
    with earlier_day(account, 0, days=5) as day:
        sell_in_dollars(day, 6)
        prove_an_invoice(day)
        cancel_a_complement(day)
        income.substitute(day, replaceable(day), "")
        refundable, _ = newest(day, "payments", is_refundable)
        payments.refund(day, refundable, "")
