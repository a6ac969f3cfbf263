"""Published files as BI tools read them, and what docs/bi.md says of it."""

import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.dataset as ds
import pytest
import sqlalchemy as sa

from pipelines.foundation.paths import published_dir
from pipelines.publish.publication import publish
from pipelines.sandbox.expected.contents import ExpectedTable, expected
from pipelines.sandbox.simulation.account import Account
from tests.pipelines.conftest import Loaded
from tests.pipelines.published import add_models

DOCS = (Path(__file__).parents[2] / "docs/bi.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def published(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared: read it only."""
    data_dir = tmp_path_factory.mktemp("bi") / "data"
    shutil.copytree(loaded.data_dir, data_dir)
    add_models(data_dir)
    publish(data_dir)
    return published_dir(data_dir)


@pytest.fixture(scope="module")
def invoices(account: Account) -> ExpectedTable:
    return expected(account)["invoices"]


@pytest.fixture(params=["in the URL", "as an argument"])
def engine(request: pytest.FixtureRequest, published: Path) -> Iterator[sa.Engine]:
    url = f"duckdb:///{published / 'analytics.duckdb'}"
    if request.param == "in the URL":
        engine = sa.create_engine(f"{url}?access_mode=read_only")
    else:
        engine = sa.create_engine(url, connect_args={"read_only": True})
    yield engine
    engine.dispose()


def test_sqlalchemy_reads_the_snapshot_and_cannot_write(
    engine: sa.Engine, invoices: ExpectedTable
) -> None:
    with engine.connect() as connection:
        asked = sa.text("select count(*), sum(total) from gigstack.invoices")
        assert connection.execute(asked).one() == (invoices.rows, invoices.money["total"])
        with pytest.raises(sa.exc.DBAPIError, match="read-only"):
            connection.execute(sa.text("create table ops.mine (x integer)"))
    inspector = sa.inspect(engine)
    assert "analytics.gigstack" in inspector.get_schema_names()
    assert "invoices" in inspector.get_table_names("analytics.gigstack")
    assert "Ingresos por mes" in inspector.get_view_names("analytics.reportes")


def test_pandas_reads_through_sqlalchemy(engine: sa.Engine, invoices: ExpectedTable) -> None:
    asked = "select invoice_id, total from gigstack.invoices"
    frame = pd.read_sql(asked, engine, coerce_float=False)
    assert len(frame) == invoices.rows
    assert sum(frame["total"], Decimal(0)) == invoices.money["total"]


def test_pandas_reads_a_parquet_file_with_exact_money(
    published: Path, invoices: ExpectedTable
) -> None:
    frame = pd.read_parquet(published / "parquet/gigstack/invoices.parquet")
    assert len(frame) == invoices.rows
    assert sum(frame["total"], Decimal(0)) == invoices.money["total"]
    assert str(frame["created_at"].dtype) == "datetime64[us, UTC]"
    assert all(isinstance(value, str) for value in frame["metadata"].dropna())


def test_pandas_reads_all_months_of_a_fact(published: Path, invoices: ExpectedTable) -> None:
    frame = pd.read_parquet(published / "parquet/gigstack/invoices")
    assert sum(frame["total"], Decimal(0)) == invoices.money["total"]
    local = frame["local_month"].map(lambda day: f"{day:%Y-%m}")
    assert (local == frame["year_month"].astype(str)).all()


def test_pyarrow_reads_one_month_without_opening_the_others(
    published: Path, invoices: ExpectedTable
) -> None:
    months = ds.dataset(published / "parquet/gigstack/invoices", partitioning="hive")
    names = {path.parent.name for path in map(Path, months.files)}
    assert len(names) > 1
    name = min(names).removeprefix("year_month=")
    one = list(months.get_fragments(ds.field("year_month") == name))
    assert len(one) == 1
    assert months.count_rows() == invoices.rows


def test_duckdb_attaches_the_snapshot_under_any_name(
    published: Path, invoices: ExpectedTable
) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published / 'analytics.duckdb'}' as other (read_only)")
        assert connection.execute("select count(*) from other.gigstack.invoices").fetchall() == [
            (invoices.rows,)
        ]
        views = connection.execute(
            'select (select sum("Importe, MXN") from other.reportes."Ingresos por mes"), '
            "(select total from other.reportes.acumulado), "
            "(select sum(total) from other.gigstack.invoices where document_kind = 'income')"
        ).fetchall()
    ((by_month, in_all, income),) = views
    assert by_month == in_all == income


def test_every_published_type_is_one_that_bi_tools_know(published: Path) -> None:
    numbers, times = r"u?int\d+|double|decimal128\(\d+, \d+\)", r"timestamp\[us(, tz=UTC)?\]"
    known = rf"string|bool|date32\[day\]|{numbers}|{times}"
    for path in published.glob("parquet/**/*.parquet"):
        for field in ds.dataset(path).schema:
            assert re.fullmatch(known, str(field.type)), (path, field)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCS, re.DOTALL)


# duckdb itself uses what pandas is about to drop
@pytest.mark.filterwarnings("ignore:The inplace keyword")
@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_the_python_of_the_docs_runs(
    number: int, published: Path, monkeypatch: pytest.MonkeyPatch, invoices: ExpectedTable
) -> None:
    monkeypatch.chdir(published.parents[1])
    names: dict[str, pd.DataFrame] = {}
    exec(blocks("python")[number], names)  # noqa: S102 - our own docs
    assert "revenue" in names or len(names["invoices"]) == invoices.rows


@pytest.mark.parametrize("number", range(len(blocks("sql"))))
def test_the_sql_of_the_docs_runs(
    number: int, published: Path, monkeypatch: pytest.MonkeyPatch, invoices: ExpectedTable
) -> None:
    monkeypatch.chdir(published.parents[1])
    with closing(duckdb.connect()) as connection:
        rows = connection.execute(blocks("sql")[number]).fetchall()
    assert sum(row[-1] for row in rows) == invoices.money["total"]


def test_every_published_path_of_the_docs_exists(published: Path) -> None:
    named = set(re.findall(r"data/published/([a-z_.]+)", DOCS))
    assert named >= {"analytics.duckdb", "parquet", "manifest.json", "data_dictionary.csv"}
    assert {name for name in named if not (published / name).exists()} == set()
