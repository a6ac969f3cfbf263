"""What a run's lists delivered, and whether each is proven whole: for the first live run."""

from pathlib import Path
from typing import Any

import duckdb

from pipelines import warehouse
from pipelines.foundation.paths import LOADER_SQL, read_sql
from pipelines.warehouse.run_log import REGULAR_MODES

Row = dict[str, Any]

IS_OF_THIS_RELEASE = (
    "select 1 from duckdb_columns() where schema_name = 'ops' and table_name = 'run_streams' "
    "and column_name = 'unseen_fields'"
)
LAST_REGULAR_RUN = (
    f"select run_id from ops.runs where mode in {REGULAR_MODES} order by started_at desc limit 1"
)


def read_list_report(data_dir: Path, run_id: str) -> list[Row]:
    """One row per resource of a run; for the columns see `sql/loader/list_report.sql`.

    Raises:
        WarehouseError: There is no warehouse, or another process holds it.
    """
    with warehouse.connect(data_dir, read_only=True) as connection:
        return lists_of(connection, run_id)


def lists_of_last_run(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Like `read_list_report`, of the last load that was no replay or backfill."""
    row = connection.execute(LAST_REGULAR_RUN).fetchone()
    return lists_of(connection, row[0]) if row else []


def lists_of(connection: duckdb.DuckDBPyConnection, run_id: str) -> list[Row]:
    """The report of a run; empty before the first load of this release into an older warehouse."""
    if connection.execute(IS_OF_THIS_RELEASE).fetchone() is None:
        return []
    connection.execute("set variable run_id = $run", {"run": run_id})
    return warehouse.rows_of(connection, read_sql(LOADER_SQL / "list_report.sql"))
