"""Every query of `docs/questions.md` runs on a built warehouse of two teams."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.foundation.paths import warehouse_path
from tests.transform.conftest import Built

PAGE = Path(__file__).parents[2] / "docs" / "questions.md"
QUERIES = re.findall(r"```sql\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def warehouse(built: Built) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(warehouse_path(built.data_dir)), read_only=True) as connection:
        yield connection


def test_the_page_has_queries() -> None:
    assert QUERIES


@pytest.mark.parametrize("query", QUERIES, ids=[str(n) for n in range(1, len(QUERIES) + 1)])
def test_a_query_of_the_page_runs(query: str, warehouse: duckdb.DuckDBPyConnection) -> None:
    assert warehouse.execute(query).description
