"""Two teams, loaded once, and the models built as of three days, for the oracle to check."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.foundation.paths import warehouse_path
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.storage import positions
from pipelines.transform.build import transform
from pipelines.transform.dbt_runner import FAILED, dbt
from pipelines.transform.settings import TransformSettings
from tests.accounts import create_account
from tests.pipelines.loads import run, settings_for

from .books import Books
from .reading import read
from .writing import add_cases

AS_OF = (date(2026, 11, 20), date(2026, 9, 30), date(2026, 8, 31))
CASH_BASIS = ("612", "626")
PARENTS = ("clients", "invoices", "payments")


@dataclass(frozen=True)
class Audited:
    """A built warehouse, and the books of its teams as of the same day."""

    connection: duckdb.DuckDBPyConnection
    teams: list[Books]
    as_of: date

    def rows(self, sql: str, keys: int = 0) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        """Rows by their first columns, as many as `keys`."""
        rows = self.connection.execute(sql).fetchall()
        found = {row[:keys]: row[keys:] for row in rows}
        assert len(found) == len(rows), "the key is not unique"
        return found


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    path = tmp_path_factory.mktemp("oracle") / "account.sqlite"
    with create_account(path, clients=16, months=5, teams=2, invoices=450) as made:
        for team, regime in enumerate(CASH_BASIS):
            add_cases(made, team)
            _set_regime(made, team, regime)
        yield made


def _set_regime(account: Account, team: int, regime: str) -> None:
    """Let the team's income count when it is collected."""
    record, place = account.roster[team].record, positions.place_of(account.teams[team])
    assert place is not None
    record["tax_system"] = regime
    account.store.begin()
    account.store.put(place, record)
    account.store.flush()
    account.store.commit()


@pytest.fixture(scope="session")
def audit(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Callable[[date], Audited]:
    """The models built as of a day, once a session for each: whole as of the first of them, and
    for the others again what depends on the day and the oracle looks at, with its tests.
    """
    where = tmp_path_factory.mktemp("audited")
    first, *_ = AS_OF
    with serving(create_app(account)) as url:
        run(settings_for(account, url, documents=PARENTS), where / first.isoformat())
    transform(where / first.isoformat(), as_of=first)

    @cache
    def built(as_of: date) -> Audited:
        data_dir = where / as_of.isoformat()
        if as_of != first:
            shutil.copytree(where / first.isoformat(), data_dir)
            build_again(data_dir, as_of)
        connection = duckdb.connect(str(warehouse_path(data_dir)), read_only=True)
        connection.execute("set TimeZone = 'UTC'")
        return Audited(connection, read(account, as_of, reads_complements=False), as_of)

    return built


def build_again(data_dir: Path, as_of: date) -> None:
    variables = TransformSettings().variables | {"as_of_date": as_of.isoformat()}
    again = ("build", "--full-refresh", "--select", "path:models/core", "path:models/marts")
    done = dbt(data_dir, [*again, "--exclude-resource-type", "unit_test"], variables)
    assert [f"{one.name}: {one.message}" for one in done if one.status in FAILED] == []


@pytest.fixture(params=AS_OF, ids=str)
def audited(request: pytest.FixtureRequest, audit: Callable[[date], Audited]) -> Audited:
    return audit(request.param)
