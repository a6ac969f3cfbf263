"""The Parquet files: each table whole, and the facts also by month.

Everything is read from the snapshot, so both say the same, and no file holds more than it does.
DuckDB's comments do not travel into Parquet by themselves; they become key-value metadata.
API: https://duckdb.org/docs/stable/sql/statements/copy
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from pipelines.publish.relations import Relation, quoted, text
from pipelines.publish.snapshot import SNAPSHOT

MONTH_DIRECTORY, MONTH = "year_month", "local_month"  # the first is only in the directory's name
OPTIONS = "format parquet, compression zstd"
# what other readers of Parquet would not know, or would lose digits of
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
    """Write a table, and yield each file; `facts` go into the metadata beside the comments."""
    schema = directory / table.schema
    schema.mkdir(parents=True, exist_ok=True)
    options = f"({OPTIONS}, kv_metadata {_metadata(table, facts)})"
    whole = schema / f"{table.name}.parquet"
    rows = f"select {_columns(table)} from {SNAPSHOT}.{table.path}"
    connection.execute(f"copy ({rows}) to {text(str(whole))} {options}")
    yield whole
    if table.is_fact:
        yield from _write_months(connection, table, schema / table.name, options)


def _write_months(
    connection: duckdb.DuckDBPyConnection, table: Relation, directory: Path, options: str
) -> Iterator[Path]:
    """One file a month. The table is sorted by date, so each month is a range of its rows, which
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
        literal = f"date '{month}'" if month else "null::date"
        connection.execute(
            f"copy (select {_columns(table)}, {literal} as {MONTH} from {SNAPSHOT}.{table.path} "
            f"where rowid between {first} and {last}) to {text(str(path))} {options}"
        )
        yield path


def _columns(table: Relation) -> str:
    """All columns, in types that every reader of Parquet knows."""
    names = ((quoted(column.name), PORTABLE.get(column.type)) for column in table.columns)
    return ", ".join(f"{name}::{kind} as {name}" if kind else name for name, kind in names)


def _metadata(table: Relation, facts: dict[str, str]) -> str:
    """A struct literal: `table` and `column.<name>` are comments."""
    comments = {f"column.{c.name}": c.description for c in table.columns if c.description}
    entries = facts | ({"table": table.comment} if table.comment else {}) | comments
    return "{" + ", ".join(f"{quoted(key)}: {text(value)}" for key, value in entries.items()) + "}"
