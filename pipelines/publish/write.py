"""One version, from the first byte to the manifest: copy, compare, Parquet, dictionary."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import duckdb

from pipelines import warehouse
from pipelines.foundation.errors import PublishingError
from pipelines.publish import manifest, snapshot, versions
from pipelines.publish.columns import Policy, define_hash
from pipelines.publish.parquet import write_parquet
from pipelines.publish.personal import hash_key
from pipelines.publish.relations import Relation, for_each, measures, relations, text

WAREHOUSE, COPY = snapshot.WAREHOUSE, snapshot.SNAPSHOT


@dataclass(frozen=True)
class Facts:
    """What is true of a whole version; the manifest, the snapshot and every file tell it."""

    run_id: str
    run_status: str
    as_of: datetime
    published_at: datetime
    version: str  # of this program
    pii: str


def write_version(version: Path, data_dir: Path, policy: Policy) -> None:
    """Fill an empty directory with a version.

    Errors: WarehouseError, PublishingError.
    """
    began = time.perf_counter()
    with warehouse.attach_read_only(data_dir, WAREHOUSE) as connection:
        if policy is Policy.HASH:
            define_hash(connection, hash_key(data_dir))
        facts = _facts(connection, policy)
        figures = _write_snapshot(connection, version, policy, facts)
        tables = relations(connection, COPY)

        def write(worker: duckdb.DuckDBPyConnection, table: Relation) -> list[dict[str, Any]]:
            return _write_parquet(worker, table, figures[table.path], version, facts)

        files = [entry for of_table in for_each(connection, tables, write) for entry in of_table]
    manifest.write_dictionary(version, tables)
    files.insert(0, manifest.snapshot_entry(version, tables, figures))
    told = asdict(facts) | {
        "directory": f"{versions.VERSIONS}/{versions.number_of(version):06}",
        "seconds": round(time.perf_counter() - began, 3),
    }
    manifest.write_manifest(version, told, files)


def _facts(connection: duckdb.DuckDBPyConnection, policy: Policy) -> Facts:
    """The newest run that did not fail, and the moment up to which anything was read."""
    try:
        found = connection.execute(
            f"select run_id, status, coalesce("
            f"(select max(window_end) from {WAREHOUSE}.ops.run_streams where status = 'ok'), "
            f"started_at) from {WAREHOUSE}.ops.runs "
            "order by status = 'failed', started_at desc limit 1"
        ).fetchone()
    except duckdb.CatalogException:
        found = None
    if not found:
        raise PublishingError("The warehouse has no run yet. Run `gigstack-etl load` first.")
    run_id, status, as_of = found
    program = installed_version("gigstack-etl")
    return Facts(run_id, status, as_of, datetime.now(UTC), program, policy.value)


def _write_snapshot(
    connection: duckdb.DuckDBPyConnection, version: Path, policy: Policy, facts: Facts
) -> dict[str, list[Any]]:
    """Copy, and compare with the warehouse; returns rows and sums by table."""
    connection.execute(f"attach {text(str(version / versions.SNAPSHOT))} as {COPY}")
    sources = snapshot.copy_warehouse(connection, policy)
    snapshot.note(connection, asdict(facts))
    snapshot.comment(connection, sources)
    connection.execute(f"checkpoint {COPY}")
    tables = relations(connection, COPY)
    found = {table.path: measures(connection, table.path, table) for table in tables}
    for source in sources:
        expected = measures(connection, f"{WAREHOUSE}.{source.path}", source)
        _refuse_difference(f"snapshot, {source.path}", expected, found.get(source.path))
    return found


def _write_parquet(
    connection: duckdb.DuckDBPyConnection,
    table: Relation,
    expected: list[Any],
    version: Path,
    facts: Facts,
) -> list[dict[str, Any]]:
    """Write a table's files; what is read back from the whole one, and from all months together,
    has to be what the snapshot has.
    """
    told = {name: str(value) for name, value in asdict(facts).items()}
    paths = list(write_parquet(connection, table, version / versions.PARQUET, told))
    read = [measures(connection, manifest.parquet_source(path), table) for path in paths]
    whole, *months = read
    _refuse_difference(f"Parquet, {table.path}", expected, whole)
    if months:
        _refuse_difference(f"Parquet by month, {table.path}", expected, _together(months))
    return [
        manifest.parquet_entry(connection, path, version, table, figures)
        for path, figures in zip(paths, read, strict=True)
    ]


def _together(figures: list[list[Any]]) -> list[Any]:
    """Rows and sums of several files; null where none has a value."""
    columns = (
        [value for value in column if value is not None] for column in zip(*figures, strict=True)
    )
    return [sum(values) if values else None for values in columns]


def _refuse_difference(name: str, expected: Sequence[Any], found: Sequence[Any] | None) -> None:
    """Errors: PublishingError when rows or sums differ."""
    if found != expected:
        raise PublishingError(
            f"{name}: the warehouse has {expected} (rows, sums of decimals), the copy has "
            f"{found or 'no such table'}. Nothing was published."
        )
