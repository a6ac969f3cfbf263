"""A data directory of an earlier release opens: what is missing is added before anything else."""

from pathlib import Path

import pytest

from pipelines import warehouse
from pipelines.foundation.errors import WarehouseError
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import Account
from pipelines.warehouse.migrations import SCHEMA_VERSION, migrate
from tests.pipelines.conftest import Loaded
from tests.pipelines.loads import differences, query, run, settings_for

COLUMNS = "select table_name, column_name, data_type from duckdb_columns() where schema_name in "
EVERY_COLUMN = f"{COLUMNS} ('gigstack', 'ops') and table_name not like '\\_dlt%' escape '\\' "
OLDER = (  # what a release before this one did not have
    "alter table gigstack.invoices drop column stamp_provider",
    "alter table gigstack.payments drop column extra",
    "alter table gigstack.invoice_items drop column quantity",
    "alter table ops.run_streams drop column date_filter",
    "alter table ops.run_streams drop column unseen_fields",
    "drop table ops.findings",
    "drop table ops.model_builds",
    "drop table ops.schema_versions",
)


@pytest.fixture
def older(loaded_copy: Path) -> Path:
    """The directory as an earlier release would have left it."""
    with warehouse.connect(loaded_copy) as connection:
        for statement in OLDER:
            connection.execute(statement)
    return loaded_copy


def columns(data_dir: Path) -> set[tuple[str, ...]]:
    return {tuple(row.values()) for row in query(data_dir, EVERY_COLUMN)}


def test_missing_tables_and_columns_are_added(loaded: Loaded, older: Path) -> None:
    assert len(columns(loaded.data_dir) - columns(older)) > len(OLDER)
    with warehouse.connect(older) as connection:
        migrate(connection)
    assert columns(older) == columns(loaded.data_dir)


def test_a_load_in_which_no_row_changes_completes_it(
    account: Account, base_url: str, loaded: Loaded, older: Path
) -> None:
    report = run(settings_for(account, base_url), older)
    assert (report.status, report.total("rows_changed")) == ("ok", 0)
    assert columns(older) == columns(loaded.data_dir)


def test_a_full_load_fills_what_was_added(account: Account, base_url: str, older: Path) -> None:
    """By `--replay` or when the rows change; here everything is written again."""
    with warehouse.connect(older) as connection:
        connection.execute("update gigstack.invoices set row_hash = 'of another release'")
        connection.execute("update gigstack.payments set row_hash = 'of another release'")
    assert run(settings_for(account, base_url), older).status == "ok"
    assert differences(older, expected(account)) == {}


def test_a_warehouse_of_a_later_release_is_refused(loaded_copy: Path) -> None:
    with warehouse.connect(loaded_copy) as connection:
        connection.execute(
            "insert into ops.schema_versions values ($1, now())", [SCHEMA_VERSION + 1]
        )
        with pytest.raises(WarehouseError, match="A later release of gigstack-etl has written"):
            migrate(connection)


def test_the_version_is_noted_once(loaded: Loaded) -> None:
    rows = query(loaded.data_dir, "select version from ops.schema_versions")
    assert [row["version"] for row in rows] == [SCHEMA_VERSION]
