"""Writes one version: snapshot, comparison with the warehouse, Parquet, dictionary, manifest."""

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
from pipelines.foundation.sql_text import literal
from pipelines.publish import manifest, snapshot, versions
from pipelines.publish.columns import Policy, define_hash
from pipelines.publish.parquet import write_parquet
from pipelines.publish.personal import hash_key, storage_version
from pipelines.publish.relations import Relation, for_each, measures, relations
from pipelines.warehouse.model_builds import older_tables


@dataclass(frozen=True)
class Facts:
    """What holds for a whole version; the manifest, the snapshot and every file repeat it."""

    run_id: str
    run_status: str
    as_of: datetime
    published_at: datetime
    version: str  # of this program
    pii: str


def write_version(version: Path, data_dir: Path, policy: Policy) -> None:
    """Fill an empty directory with a version.

    Raises:
        WarehouseError: There is no warehouse, another process writes it, or the disk is full.
        PublishingError: There is no run yet, or the copy differs from the warehouse.
    """
    began = time.perf_counter()
    with warehouse.attach_read_only(data_dir, warehouse.NAME) as connection:
        if policy is Policy.HASH:
            define_hash(connection, hash_key(data_dir))
        facts = _facts(connection, policy)
        older = older_tables(connection, warehouse.NAME)
        figures = _write_snapshot(connection, version, policy, facts)
        tables = relations(connection, snapshot.SNAPSHOT)

        def write(worker: duckdb.DuckDBPyConnection, table: Relation) -> list[dict[str, Any]]:
            return _write_parquet(worker, table, figures[table.path], version, facts)

        files = [entry for entries in for_each(connection, tables, write) for entry in entries]
    manifest.write_dictionary(version, tables)
    files.insert(0, manifest.snapshot_entry(version, tables, figures))
    directory = f"{versions.VERSIONS}/{versions.number_of(version):06}"
    seconds = round(time.perf_counter() - began, 3)
    header = asdict(facts) | {
        "directory": directory,
        "seconds": seconds,
        "older_tables": [asdict(table) for table in older],
    }
    manifest.write_manifest(version, header, files)


def _facts(connection: duckdb.DuckDBPyConnection, policy: Policy) -> Facts:
    """The newest run that did not fail, and the moment of the newest data."""
    name = warehouse.NAME
    try:
        run = connection.execute(
            "select run_id, status, coalesce("
            f"(select max(window_end) from {name}.ops.run_streams where status = 'ok'), "
            f"started_at) from {name}.ops.runs order by status = 'failed', started_at desc limit 1"
        ).fetchone()
    except duckdb.CatalogException:
        run = None
    if not run:
        raise PublishingError("The warehouse has no run yet. Run `gigstack-etl load` first.")
    run_id, status, as_of = run
    program = installed_version("gigstack-etl")
    return Facts(run_id, status, as_of, datetime.now(UTC), program, policy.value)


def _write_snapshot(
    connection: duckdb.DuckDBPyConnection, version: Path, policy: Policy, facts: Facts
) -> dict[str, list[Any]]:
    """Copy the warehouse and compare the copy; returns rows and sums by table."""
    path, name = version / versions.SNAPSHOT, snapshot.SNAPSHOT
    format_of = literal(storage_version())
    connection.execute(f"attach {literal(str(path))} as {name} (storage_version {format_of})")
    sources = snapshot.copy_warehouse(connection, policy)
    snapshot.write_publication(connection, asdict(facts))
    snapshot.write_comments(connection, sources)
    connection.execute(f"checkpoint {name}")
    tables = relations(connection, name)
    figures = {table.path: measures(connection, table.path, table) for table in tables}
    for source in sources:
        expected = measures(connection, f"{warehouse.NAME}.{source.path}", source)
        _check_equal(f"snapshot, {source.path}", expected, figures.get(source.path))
    return figures


def _write_parquet(
    connection: duckdb.DuckDBPyConnection,
    table: Relation,
    expected: list[Any],
    version: Path,
    facts: Facts,
) -> list[dict[str, Any]]:
    """Write a table's files. The whole table, and all months together, read back must equal the
    snapshot.
    """
    metadata = {name: str(value) for name, value in asdict(facts).items()}
    paths = list(write_parquet(connection, table, version / versions.PARQUET, metadata))
    read = [measures(connection, manifest.parquet_source(path), table) for path in paths]
    whole, *months = read
    _check_equal(f"Parquet, {table.path}", expected, whole)
    if months:
        _check_equal(f"Parquet by month, {table.path}", expected, _sum(months))
    return [
        manifest.parquet_entry(connection, path, version, table, figures)
        for path, figures in zip(paths, read, strict=True)
    ]


def _sum(figures: list[list[Any]]) -> list[Any]:
    """Rows and sums of several files together; null if no file has a value."""
    columns = (
        [value for value in column if value is not None] for column in zip(*figures, strict=True)
    )
    return [sum(values) if values else None for values in columns]


def _check_equal(name: str, expected: Sequence[Any], found: Sequence[Any] | None) -> None:
    """Compare rows and sums.

    Raises:
        PublishingError: They differ.
    """
    if found != expected:
        raise PublishingError(
            f"{name}: the warehouse has {expected} (rows, sums of decimals), the copy has "
            f"{found or 'no such table'}. Nothing was published."
        )
