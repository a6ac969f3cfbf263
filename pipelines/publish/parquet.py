"""The Parquet files: every table as one file, and the facts also by month.

All rows come from the snapshot, so both hold the same, and personal data is treated alike.
Comments do not get into Parquet by themselves; they are written as key-value metadata.
API: https://duckdb.org/docs/stable/sql/statements/copy
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from pipelines.foundation.sql_text import identifier, literal
from pipelines.publish.relations import Relation
from pipelines.publish.snapshot import SNAPSHOT

MONTH_DIRECTORY, MONTH = "year_month", "local_month"  # the first is only in the directory's name
OPTIONS = "format parquet, compression zstd"
# types that other readers of Parquet do not know, or read with fewer digits
PORTABLE = {
    "JSON": "varchar",
    "UUID": "varchar",
    "INTERVAL": "varchar",
    "HUGEINT": "decimal(38, 0)",
    "UHUGEINT": "decimal(38, 0)",
}


def write_parquet(
    connection: duckdb.DuckDBPyConnection,
    table: Relation,
    directory: Path,
    facts: dict[str, str],
) -> Iterator[Path]:
    """Write a table, and yield each file. `facts` go into the metadata, beside the comments."""
    schema = directory / table.schema
    schema.mkdir(parents=True, exist_ok=True)
    options = f"({OPTIONS}, kv_metadata {_metadata(table, facts)})"
    whole = schema / f"{table.name}.parquet"
    rows = f"select {_columns(table)} from {SNAPSHOT}.{table.path}"
    connection.execute(f"copy ({rows}) to {literal(str(whole))} {options}")
    yield whole
    if table.is_fact:
        yield from _write_months(connection, table, schema / table.name, options)


def _write_months(
    connection: duckdb.DuckDBPyConnection, table: Relation, directory: Path, options: str
) -> Iterator[Path]:
    """Write one file per month. The table is sorted by date, so a month is a range of rows that
    DuckDB reads alone; `PARTITION_BY` takes up to three times as long.
    """
    months = connection.execute(
        f"select {table.month} as month, min(rowid), max(rowid) from {SNAPSHOT}.{table.path} "
        "group by month order by month"
    ).fetchall()
    for month, first, last in months:
        name = f"{month:%Y-%m}" if month else "unknown"
        path = directory / f"{MONTH_DIRECTORY}={name}" / "part-0.parquet"
        path.parent.mkdir(parents=True)
        first_day = f"date '{month}'" if month else "null::date"
        connection.execute(
            f"copy (select {_columns(table)}, {first_day} as {MONTH} from {SNAPSHOT}.{table.path} "
            f"where rowid between {first} and {last}) to {literal(str(path))} {options}"
        )
        yield path


def _columns(table: Relation) -> str:
    """Select all columns, in types that every reader of Parquet knows."""
    names = ((identifier(column.name), PORTABLE.get(column.type)) for column in table.columns)
    return ", ".join(f"{name}::{kind} as {name}" if kind else name for name, kind in names)


def _metadata(table: Relation, facts: dict[str, str]) -> str:
    """The metadata as a struct in SQL; comments are named `table` and `column.<name>`."""
    comments = {f"column.{c.name}": c.description for c in table.columns if c.description}
    entries = facts | ({"table": table.comment} if table.comment else {}) | comments
    return (
        "{"
        + ", ".join(f"{identifier(key)}: {literal(value)}" for key, value in entries.items())
        + "}"
    )
