"""Copies of the warehouse, which count only once they hold as many rows of each table.

API: https://duckdb.org/docs/stable/sql/statements/copy#copy-from-database--to
"""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from pipelines.foundation.atomic_write import flush
from pipelines.foundation.errors import WarehouseError
from pipelines.foundation.paths import write_ahead_log_path
from pipelines.foundation.sql_text import identifier, literal
from pipelines.warehouse.connection import COPY_MEMORY_LIMIT, ROW_GROUP_SIZE

COPY = "copied"  # the name under which a copy is attached
_TABLES = """
    select schema_name, table_name from duckdb_tables()
    where database_name = $database and not internal order by all
"""

RowCounts = dict[str, int]  # by schema and table


def row_counts(connection: duckdb.DuckDBPyConnection, database: str) -> RowCounts:
    """The rows of every table of an attached database."""
    tables = connection.execute(_TABLES, {"database": database}).fetchall()
    counts = {}
    for schema, table in tables:
        path = f"{database}.{identifier(schema)}.{identifier(table)}"
        ((rows,),) = connection.execute(f"select count(*) from {path}").fetchall()
        counts[f"{schema}.{table}"] = int(rows)
    return counts


def row_counts_of(path: Path) -> RowCounts:
    """The rows of every table of a file that nobody else has open. What DuckDB had not yet put into
    it is there afterwards.

    Raises:
        WarehouseError: It is no sound DuckDB file.
    """
    is_complete = not write_ahead_log_path(path).exists()
    try:
        with _memory() as connection:
            mode = "(read_only)" if is_complete else ""
            connection.execute(f"attach {literal(str(path))} as {COPY} {mode}")
            counts = row_counts(connection, COPY)
            connection.execute(f"detach {COPY}")
    except duckdb.Error as error:
        raise WarehouseError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    return counts


def copy_compact(connection: duckdb.DuckDBPyConnection, database: str, target: Path) -> None:
    """Copy an attached database into a new file without free space, and compare the two.

    Raises:
        WarehouseError: The copy has other rows.
    """
    expected = row_counts(connection, database)
    connection.execute(f"attach {literal(str(target))} as {COPY} (row_group_size {ROW_GROUP_SIZE})")
    connection.execute(f"copy from database {database} to {COPY}")
    connection.execute(f"detach {COPY}")
    check_rows(target, expected, row_counts_of(target))
    flush(target)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file for its owner alone, and wait until it is on the disk."""
    target.touch(mode=0o600, exist_ok=False)
    shutil.copyfile(source, target)
    flush(target)


def check_rows(path: Path, expected: RowCounts, found: RowCounts) -> None:
    """Compare the rows of every table.

    Raises:
        WarehouseError: A table differs, or is missing.
    """
    for table in sorted(expected.keys() | found.keys()):
        if expected.get(table) != found.get(table):
            raise WarehouseError(
                f"{path}: {table} has {found.get(table, 'no')} rows, and must have "
                f"{expected.get(table, 'none: there is no such table')}."
            )


@contextmanager
def _memory() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect(config={"memory_limit": COPY_MEMORY_LIMIT})) as connection:
        yield connection
