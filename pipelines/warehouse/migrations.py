"""Brings schema `ops` up to date; `sql/loader/run_log.sql` declares its tables."""

import duckdb

from pipelines.foundation.paths import LOADER_SQL, read_sql


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of schema `ops` that do not exist yet."""
    connection.execute(read_sql(LOADER_SQL / "run_log.sql"))
