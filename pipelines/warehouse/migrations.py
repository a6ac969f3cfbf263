"""Brings a warehouse of an earlier release up to date, before anything else reads or writes it.

`sql/loader/run_log.sql` declares the tables of schema `ops`, `sql/loader/columns.csv` the columns
of schema `gigstack`. What is missing is added, and nothing is taken away. A table that is missing
whole comes with the next load.
"""

from datetime import UTC, datetime

import duckdb

from pipelines.foundation.errors import WarehouseError
from pipelines.foundation.paths import LOADER_COLUMNS, LOADER_SQL, read_sql
from pipelines.foundation.sql_text import identifier, literal
from pipelines.warehouse.tables import table_names

SCHEMA_VERSION = 1  # of what a release writes; raise it when an earlier one could not read that

_MISSING_COLUMNS = """
    select declared.table, declared.column, declared.type
    from read_csv({columns}, all_varchar = true) as declared
    semi join duckdb_tables() as held
        on held.schema_name = 'gigstack' and held.table_name = declared.table
        and held.database_name = current_database()
    anti join duckdb_columns() as present
        on present.schema_name = 'gigstack' and present.table_name = declared.table
        and present.column_name = declared.column and present.database_name = current_database()
"""


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Create and complete what this release needs.

    Raises:
        WarehouseError: A later release has written the warehouse.
    """
    connection.execute(read_sql(LOADER_SQL / "run_log.sql"))
    version = schema_version(connection)
    refuse_later_release(version, "this warehouse")
    for table, column, kind in missing_columns(connection):
        connection.execute(f"alter table gigstack.{table} add column {identifier(column)} {kind}")
    if version < SCHEMA_VERSION:
        connection.execute(
            "insert into ops.schema_versions by name select $version as version, $at as reached_at",
            {"version": SCHEMA_VERSION, "at": datetime.now(UTC)},
        )


def missing_columns(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    """Declared columns that a table of schema `gigstack` lacks: table, name and type."""
    query = _MISSING_COLUMNS.format(columns=literal(str(LOADER_COLUMNS)))
    return connection.execute(query).fetchall()


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """The version of the release that wrote a warehouse; 0 before there were any."""
    if "schema_versions" not in table_names(connection, "ops"):
        return 0
    query = "select coalesce(max(version), 0) from ops.schema_versions"
    ((version,),) = connection.execute(query).fetchall()
    return int(version)


def refuse_later_release(version: int, what: str) -> None:
    """Refuse what a later release has written, since this one may not know how to read it.

    Raises:
        WarehouseError: The version is above that of this release.
    """
    if version > SCHEMA_VERSION:
        raise WarehouseError(
            f"A later release of gigstack-etl has written {what} (schema {version}; this "
            f"release knows {SCHEMA_VERSION}). Install that release, or name another --data-dir."
        )
