"""The Parquet files: each table whole, and the facts also by month of Mexico City.

Everything is read from the snapshot, so both say the same, and no file holds more than it does.
DuckDB's comments do not travel into Parquet by themselves; they become key-value metadata.
API: https://duckdb.org/docs/stable/sql/statements/copy
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from pipelines.publishing.snapshot import Relation, quoted, text

ZONE = "America/Mexico_City"
DOCUMENTS = ("invoices", "payments", "receipts", "retentions", "sat_invoices")
FACT = "fct_"
MONTH_DIRECTORY, MONTH = "year_month", "local_month"  # the first is only in the directory's name
OPTIONS = "format parquet, compression zstd"


def write_parquet(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    directory: Path,
    facts: dict[str, str],
) -> Iterator[Path]:
    """Write a table, and yield each file; `facts` go into the metadata beside the comments."""
    schema = directory / relation.schema
    schema.mkdir(parents=True, exist_ok=True)
    options = f"{OPTIONS}, kv_metadata {_metadata(relation, facts)}"
    whole = schema / f"{relation.name}.parquet"
    connection.execute(f"copy {relation.path} to {text(str(whole))} ({options})")
    yield whole
    if is_fact(relation):
        yield from _write_months(connection, relation, schema / relation.name, options)


def is_fact(relation: Relation) -> bool:
    is_document = relation.schema == "gigstack" and relation.name in DOCUMENTS
    is_fact = relation.schema == "core" and relation.name.startswith(FACT)
    return (is_document or is_fact) and relation.moment is not None


def _write_months(
    connection: duckdb.DuckDBPyConnection, relation: Relation, directory: Path, options: str
) -> Iterator[Path]:
    """One file a month, read apart rather than shuffled: the table is sorted by date already."""
    month = f"date_trunc('month', timezone('{ZONE}', {relation.moment}))::date"
    months = connection.execute(
        f"select distinct {month} as month from {relation.path} order by month"
    ).fetchall()
    for (value,) in months:
        path = directory / f"{MONTH_DIRECTORY}={value:%Y-%m}" / "part-0.parquet"
        path.parent.mkdir(parents=True)
        connection.execute(
            f"copy (select *, {month} as {MONTH} from {relation.path} "
            f"where {month} = date '{value}') to {text(str(path))} ({options})"
        )
        yield path


def _metadata(relation: Relation, facts: dict[str, str]) -> str:
    """A struct literal: `table` and `column.<name>` are comments."""
    comments = {f"column.{c.name}": c.description for c in relation.columns if c.description}
    table = {"table": relation.comment} if relation.comment else {}
    entries = facts | table | comments
    return "{" + ", ".join(f"{quoted(key)}: {text(value)}" for key, value in entries.items()) + "}"
