"""What is published is what the warehouse holds; going back; what a version consists of."""

import csv
import shutil
import stat
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines import warehouse
from pipelines.foundation.errors import PublishingError, WarehouseError
from pipelines.foundation.lock import exclusive_run
from pipelines.foundation.paths import published_dir, warehouse_path
from pipelines.publish.publication import Publication, last_publication, publish, rollback
from pipelines.publish.relations import relations
from pipelines.publish.versions import KEPT
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import Account
from tests.pipelines.conftest import Loaded
from tests.pipelines.loads import query, tables_in
from tests.pipelines.published import add_models, add_small_warehouse, faults, manifest, undeclared


@pytest.fixture(scope="module")
def data_dir(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A loaded warehouse with models, published once; shared: read it only."""
    data_dir = tmp_path_factory.mktemp("published") / "data"
    shutil.copytree(loaded.data_dir, data_dir)
    add_models(data_dir)
    publish(data_dir)
    return data_dir


@pytest.fixture
def own(data_dir: Path, tmp_path: Path) -> Path:
    """A copy that the test may change."""
    shutil.copytree(data_dir, tmp_path / "data", symlinks=True)
    return tmp_path / "data"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A warehouse of one table and one run, which is published in no time."""
    data_dir = tmp_path / "small"
    add_small_warehouse(data_dir)
    publish(data_dir)
    return data_dir


def rows(database: Path, table: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(database, read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.execute(f"from {table} order by all").fetchall()


def snapshot(data_dir: Path) -> Path:
    return published_dir(data_dir) / "analytics.duckdb"


def parquet(data_dir: Path, *parts: str) -> Path:
    return published_dir(data_dir).joinpath("parquet", *parts)


PUBLISHED = ("gigstack", "seeds", "core", "marts", "reportes", "ops")


@pytest.fixture(scope="module")
def both(data_dir: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse and the snapshot, side by side."""
    with duckdb.connect() as connection:
        own = warehouse_path(data_dir)
        connection.execute(f"attach '{own}' as warehouse (read_only)")
        connection.execute(f"attach '{snapshot(data_dir)}' as analytics (read_only)")
        yield connection


def differing(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> list[Any]:
    """Rows that only one of them has, or has more often."""
    return connection.execute(
        f"(from {one} except all from {other}) union all (from {other} except all from {one})"
    ).fetchall()


def test_the_snapshot_has_every_row_of_the_warehouse(
    both: duckdb.DuckDBPyConnection, data_dir: Path
) -> None:
    names = [f'{schema}."{name}"' for schema in PUBLISHED for name in tables_in(data_dir, schema)]
    views = ['reportes."Ingresos por mes"', "reportes.acumulado", "core.dim_client"]
    assert {'gigstack."invoices"', 'marts."mart_revenue_monthly"'} <= set(names)
    for name in names + views:
        assert differing(both, f"warehouse.{name}", f"analytics.{name}") == [], name


def test_every_parquet_file_has_the_rows_of_its_table(
    both: duckdb.DuckDBPyConnection, data_dir: Path
) -> None:
    files = [file for file in manifest(data_dir)["files"][1:] if "year_month" not in file["path"]]
    assert len(files) == len({(file["schema"], file["table"]) for file in files})
    for file in files:
        table = f'analytics.{file["schema"]}."{file["table"]}"'
        assert differing(both, f"'{published_dir(data_dir) / file['path']}'", table) == [], table


def test_sums_in_the_manifest_are_those_of_the_account(data_dir: Path, account: Account) -> None:
    files = manifest(data_dir)["files"]
    listed = {f["table"]: f for f in files[1:] if f["path"].startswith("parquet/gigstack/")}
    whole = {
        f["table"]: f for f in files[1:] if f["path"] == f"parquet/gigstack/{f['table']}.parquet"
    }
    assert whole.keys() == listed.keys()
    for table, truth in expected(account).items():
        assert whole[table]["rows"] == truth.rows, table
        for column, amount in truth.money.items():
            assert Decimal(whole[table]["sums"][column]) == amount, (table, column)
            assert Decimal(files[0]["sums"][f"gigstack.{table}.{column}"]) == amount


def test_the_manifest_describes_every_file(data_dir: Path) -> None:
    version = published_dir(data_dir) / "current"
    there = {str(path.relative_to(version)) for path in version.rglob("*") if path.is_file()}
    files = manifest(data_dir)["files"]
    assert there - {file["path"] for file in files} == {"manifest.json", "data_dictionary.csv"}
    assert faults(data_dir) == []
    invoices = [f for f in files if f.get("table") == "invoices"]
    assert len({file["schema_hash"] for file in invoices}) == 2  # months have local_month as well


def test_months_hold_the_rows_whose_local_month_it_is(data_dir: Path) -> None:
    months = sorted(path for path in parquet(data_dir, "gigstack", "invoices").iterdir())
    assert len(months) > 1
    found = duckdb.execute(
        f"""
        select distinct
            year_month,
            local_month,
            strftime(timezone('America/Mexico_City', coalesce(issued_at, created_at)), '%Y-%m')
        from read_parquet('{parquet(data_dir)}/gigstack/invoices/*/*.parquet')
        order by all
        """
    ).fetchall()
    assert [path.name for path in months] == [f"year_month={month}" for month, _, _ in found]
    assert all(f"{day:%Y-%m}" == name == month for name, day, month in found)
    facts = {path.name for path in parquet(data_dir, "core").iterdir()}
    assert facts == {"fct_cfdi", "fct_cfdi.parquet", "dim_client.parquet"}


def test_parquet_files_are_sorted_by_date_and_team(data_dir: Path) -> None:
    read = pq.read_table(parquet(data_dir, "core", "fct_cfdi.parquet")).to_pylist()
    keys = [(row["issue_date"], row["team_id"], row["cfdi_id"]) for row in read]
    assert keys == sorted(keys)
    assert (
        pq.ParquetFile(parquet(data_dir, "core", "fct_cfdi.parquet"))
        .metadata.row_group(0)
        .column(0)
        .compression
        == "ZSTD"
    )


def test_comments_travel_into_the_snapshot_and_into_parquet(data_dir: Path) -> None:
    with duckdb.connect(snapshot(data_dir), read_only=True) as connection:
        tables = dict(
            connection.execute(
                "select table_name, comment from duckdb_tables() union all "
                "select view_name, comment from duckdb_views() where not internal"
            ).fetchall()
        )
        columns = {
            (table, column): comment
            for table, column, comment in connection.execute(
                "select table_name, column_name, comment from duckdb_columns()"
            ).fetchall()
        }
    assert tables["fct_cfdi"] == "One stamped CFDI"
    assert tables["Ingresos por mes"] == "Lo facturado en cada mes"
    assert columns["fct_cfdi", "total"] == "Total in the document's currency"
    assert columns["invoices", "last_balance"] == (
        "Balance that the API tells for a PPD invoice, today."
    )
    (month, *_) = parquet(data_dir, "core", "fct_cfdi").rglob("*.parquet")
    for path in (parquet(data_dir, "core", "fct_cfdi.parquet"), month):
        metadata = pq.ParquetFile(path).metadata.metadata or {}
        assert metadata[b"table"] == b"One stamped CFDI"
        assert metadata[b"column.total"] == b"Total in the document's currency"
        assert metadata[b"run_id"].decode() == manifest(data_dir)["run_id"]


def test_views_stay_views_but_for_those_over_what_is_not_published(data_dir: Path) -> None:
    with duckdb.connect(snapshot(data_dir), read_only=True) as connection:
        views = connection.execute(
            "select view_name from duckdb_views() where not internal order by all"
        ).fetchall()
        schemas = connection.execute("select distinct schema_name from duckdb_tables()").fetchall()
    assert views == [("Ingresos por mes",), ("acumulado",)]
    assert {name for (name,) in schemas} == set(PUBLISHED) - {"reportes"}
    assert [name for name in manifest(data_dir)["files"][0]["sums"] if "_dlt" in name] == []


def test_the_dictionary_has_a_line_for_every_published_column(data_dir: Path) -> None:
    with (published_dir(data_dir) / "data_dictionary.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    with duckdb.connect(snapshot(data_dir), read_only=True) as connection:
        columns = connection.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() "
            "where not internal"
        ).fetchall()
    found = {(line["schema"], line["table"], line["column"], line["type"]) for line in lines}
    assert found == set(columns)
    assert len(lines) == len(columns)
    by_name = {(line["table"], line["column"]): line for line in lines}
    assert by_name["clients", "tax_id"]["personal"] == "yes"
    assert by_name["clients", "client_id"]["personal"] == "no"
    assert by_name["fct_cfdi", "total"]["description"] == "Total in the document's currency"


def test_every_text_column_of_the_loader_is_declared_and_every_column_described(
    loaded: Loaded,
) -> None:
    with duckdb.connect(warehouse_path(loaded.data_dir), read_only=True) as connection:
        columns = [c for table in relations(connection, "warehouse") for c in table.columns]
    assert undeclared(columns) == ""
    assert [f"{c.table}.{c.name}" for c in columns if not c.description] == []


def test_the_snapshot_says_what_it_is(data_dir: Path) -> None:
    ((run_id, status, as_of, published_at, version, pii),) = rows(
        snapshot(data_dir), "ops.publication"
    )
    published = last_publication(data_dir)
    assert published
    assert (published.run_id, published.as_of, published.published_at, published.pii) == (
        run_id,
        as_of,
        published_at,
        pii,
    )
    (run,) = query(data_dir, "from ops.runs")
    assert (run_id, status, as_of, version) == (
        run["run_id"],
        run["status"],
        run["started_at"],
        run["version"],
    )


def test_a_publication_tells_what_it_made(small: Path) -> None:
    published = publish(small)
    files = [path for path in (published_dir(small) / "current").rglob("*") if path.is_file()]
    data = [path for path in files if path.suffix in (".duckdb", ".parquet")]
    assert isinstance(published, Publication)
    assert (published.number, published.pii, published.path) == (2, "keep", published_dir(small))
    assert published.files == len(data)
    assert published.bytes == sum(path.stat().st_size for path in data)
    assert published.rows == manifest(small)["files"][0]["rows"]
    assert last_publication(small) == published


def versions(data_dir: Path) -> list[str]:
    return sorted(path.name for path in (published_dir(data_dir) / "versions").iterdir())


def test_the_last_three_versions_stay_beside_the_current_one(small: Path) -> None:
    for _ in range(KEPT + 1):
        publish(small)
    assert versions(small) == ["000002", "000003", "000004", "000005"]


def test_rollback_goes_back_version_by_version_and_the_next_one_follows(small: Path) -> None:
    publish(small)
    publish(small)
    assert rollback(small).number == 2
    assert rollback(small).number == 1
    assert faults(small) == []
    with pytest.raises(PublishingError, match="no earlier version"):
        rollback(small)
    assert publish(small).number == 4  # and not 2: a number is never given twice
    assert versions(small) == ["000001", "000004"]
    assert rollback(small).number == 1


def test_what_differs_from_the_warehouse_is_not_published(small: Path) -> None:
    """Amounts that are other ones each time they are read stand for a copy that went wrong."""
    with warehouse.connect(small) as connection:
        connection.execute(
            "create schema marts;"
            "create view marts.unsteady as select random()::decimal(18, 6) as x from range(9)"
        )
    before = manifest(small)
    with pytest.raises(PublishingError, match=r'"unsteady": the warehouse has \[9, .*Nothing was'):
        publish(small)
    assert manifest(small) == before
    assert versions(small) == ["000001"]


def test_a_view_that_cannot_be_read_is_named(own: Path) -> None:
    with warehouse.connect(own) as connection:
        connection.execute("alter table marts.mart_revenue_monthly rename total to amount")
    with pytest.raises(PublishingError, match=r'reportes\."Ingresos por mes" cannot be read'):
        publish(own)
    assert faults(own) == []


def test_without_a_warehouse_or_a_run_nothing_is_published(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="does not exist yet"):
        publish(tmp_path / "none")
    with warehouse.connect(tmp_path / "empty"):
        pass
    with pytest.raises(PublishingError, match="no run yet"):
        publish(tmp_path / "empty")
    assert last_publication(tmp_path / "empty") is None


def test_a_load_and_a_publication_exclude_one_another(small: Path) -> None:
    with exclusive_run(small), pytest.raises(WarehouseError, match="is running on"):
        publish(small)
    with exclusive_run(small), pytest.raises(WarehouseError, match="is running on"):
        rollback(small)


def test_published_files_cannot_be_written_by_their_readers(data_dir: Path) -> None:
    for path in (published_dir(data_dir) / "current").resolve().rglob("*"):
        if path.is_file():
            assert not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH), path


def test_the_order_in_which_rows_were_loaded_does_not_matter(small: Path) -> None:
    def read() -> Any:
        return pq.read_table(parquet(small, "gigstack", "invoices.parquet"))

    before = read()
    with warehouse.connect(small) as connection:
        connection.execute(
            "create table backwards as from gigstack.invoices order by invoice_id desc;"
            "drop table gigstack.invoices;"
            "create table gigstack.invoices as from backwards"
        )
    publish(small)
    assert read().equals(before)
