"""Every query of `docs/questions.md` runs on a built warehouse of two teams."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.foundation.paths import warehouse_path
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.transform.build import transform
from tests.accounts import create_account
from tests.pipelines.loads import run, settings_for

PAGE = Path(__file__).parents[2] / "docs" / "questions.md"
QUERIES = re.findall(r"```sql\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    where = tmp_path_factory.mktemp("questions")
    with (
        create_account(where / "a.sqlite", clients=12, months=4, teams=2, invoices=200) as account,
        serving(create_app(account)) as url,
    ):
        run(settings_for(account, url), where / "data")
        transform(where / "data", as_of=account.now.date())
    with duckdb.connect(str(warehouse_path(where / "data")), read_only=True) as connection:
        yield connection


def test_the_page_has_queries() -> None:
    assert QUERIES


@pytest.mark.parametrize("query", QUERIES, ids=[str(n) for n in range(1, len(QUERIES) + 1)])
def test_a_query_of_the_page_runs(query: str, built: duckdb.DuckDBPyConnection) -> None:
    assert built.execute(query).description
