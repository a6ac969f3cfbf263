"""A table that somebody dropped is made anew before the next load, and filled by it."""

from pathlib import Path

import pytest

from pipelines import warehouse
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import Account
from pipelines.warehouse.lost_tables import complete_tables, lost_tables
from tests.pipelines.conftest import Loaded
from tests.pipelines.loads import (
    differences,
    lasting,
    lookback,
    query,
    repeated_keys,
    run,
    settings_for,
    tables_in,
    watermarks,
)

LOST = {
    "a root": ("invoices",),
    "a child": ("invoice_items",),
    "a root and some children": ("payments", "payment_items"),
    "all of an entity": ("services", "service_taxes"),
    "documents": ("support_documents",),
    "links": ("support_document_parents",),
    "an entity, and what dlt knows of it": ("retentions", "retention_taxes", "_dlt_version"),
}
DLT = ("_dlt_version", "_dlt_loads", "_dlt_pipeline_state")
DECLARED = (
    "select table_name, sql from duckdb_tables() where schema_name = 'gigstack' "
    "and table_name not like '\\_dlt%' escape '\\' order by all"
)


def drop(data_dir: Path, *tables: str) -> None:
    with warehouse.connect(data_dir) as connection:
        for table in tables:
            connection.execute(f"drop table {table if '.' in table else f'gigstack.{table}'}")


def is_whole(account: Account, data_dir: Path) -> None:
    assert differences(data_dir, expected(account)) == {}
    assert repeated_keys(data_dir) == []


@pytest.mark.parametrize("tables", LOST.values(), ids=LOST)
def test_the_next_incremental_load_brings_it_back_whole(
    account: Account, base_url: str, loaded: Loaded, loaded_copy: Path, tables: tuple[str, ...]
) -> None:
    """Its window is a day, so that what the watermarks hide would be missing."""
    settings = settings_for(account, base_url, lookback_days=lookback(account, 1))
    drop(loaded_copy, *tables)
    assert run(settings, loaded_copy).status == "ok"
    is_whole(account, loaded_copy)
    assert lasting(loaded_copy) == lasting(loaded.data_dir)
    assert query(loaded_copy, DECLARED) == query(loaded.data_dir, DECLARED)
    again = run(settings, loaded_copy)
    assert (again.status, again.total("rows_changed")) == ("ok", 0)


@pytest.mark.parametrize("tables", [*((name,) for name in DLT), DLT], ids=str)
def test_so_do_tables_of_dlt_when_there_is_something_to_write(
    account: Account, base_url: str, loaded_copy: Path, tables: tuple[str, ...]
) -> None:
    drop(loaded_copy, *tables)
    with warehouse.connect(loaded_copy) as connection:
        connection.execute("update gigstack.clients set row_hash = 'of another release'")
    report = run(settings_for(account, base_url), loaded_copy)
    assert (report.status, report.total("rows_changed") > 0) == ("ok", True)
    is_whole(account, loaded_copy)
    held = {row["table_name"] for row in query(loaded_copy, "from duckdb_tables()")}
    assert set(DLT) <= held


def test_it_is_said_in_a_line(
    account: Account, base_url: str, loaded_copy: Path, caplog: pytest.LogCaptureFixture
) -> None:
    drop(loaded_copy, "services")
    run(settings_for(account, base_url), loaded_copy)
    assert "gigstack.services: missing, so made anew." in caplog.text
    assert "all of services is read, whatever the watermarks say" in caplog.text


def test_it_is_filled_though_other_loads_come_between(
    account: Account, base_url: str, loaded_copy: Path
) -> None:
    """They make the table, and read none of its lists, or die before they do."""
    settings = settings_for(account, base_url, lookback_days=lookback(account, 1))
    drop(loaded_copy, "invoices", "payment_items")
    with warehouse.connect(loaded_copy) as connection:
        complete_tables(connection)
    assert run(settings, loaded_copy, "clients").status == "ok"
    assert run(settings, loaded_copy, "payments").status == "ok"
    assert run(settings, loaded_copy).status == "ok"
    is_whole(account, loaded_copy)


def test_only_the_watermarks_of_its_own_lists_are_void(
    account: Account, base_url: str, loaded_copy: Path
) -> None:
    settings = settings_for(account, base_url, lookback_days=lookback(account, 1))
    before = {name for of_team in watermarks(loaded_copy).values() for name in of_team}
    drop(loaded_copy, "payments")
    with warehouse.connect(loaded_copy) as connection:
        complete_tables(connection)
    kept = {name for of_team in watermarks(loaded_copy).values() for name in of_team}
    assert before - kept == {"payments"}
    report = run(settings, loaded_copy)
    unlimited = {r.resource for r in report.resources if r.window_start is None}
    assert "payments" in unlimited
    assert "invoices_income" not in unlimited
    assert {name for of_team in watermarks(loaded_copy).values() for name in of_team} == before


@pytest.mark.parametrize("name", ["runs", "run_streams", "document_checks", "rebuilt_tables"])
def test_a_lost_table_of_the_log_of_runs_comes_back(
    account: Account, base_url: str, loaded_copy: Path, name: str
) -> None:
    drop(loaded_copy, f"ops.{name}")
    report = run(settings_for(account, base_url), loaded_copy)
    assert (report.status, report.total("rows_changed")) == ("ok", 0)
    assert name in tables_in(loaded_copy, "ops")
    is_whole(account, loaded_copy)


def test_what_was_never_loaded_is_not_lost(account: Account, base_url: str, data_dir: Path) -> None:
    assert run(settings_for(account, base_url), data_dir, "clients").status == "ok"
    with warehouse.connect(data_dir) as connection:
        assert lost_tables(connection) == {}
    assert tables_in(data_dir) == {"clients", "client_sat_hits"}
