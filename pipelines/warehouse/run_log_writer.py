"""Writes a run into the tables of schema `ops`."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version

import duckdb

from pipelines.foundation.errors import GigstackError
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.gigstack.extract.stats import ResourceStats
from pipelines.gigstack.normalize.batch import Reject
from pipelines.warehouse.run_log import RETRY_MODE, Comparison, LoadResult, open_rejects

UNFINISHED = "the run did not finish"

Row = Mapping[str, object]  # by column name


@contextmanager
def recorded(connection: duckdb.DuckDBPyConnection, result: LoadResult) -> Iterator[None]:
    """Record a run when the block begins, and its result when the block ends, even by an error."""
    _record_start(connection, result)
    try:
        yield
    except BaseException as error:
        result.message = str(error) if isinstance(error, GigstackError) else UNFINISHED
        raise
    finally:
        record(connection, result)


def _record_start(connection: duckdb.DuckDBPyConnection, result: LoadResult) -> None:
    """Record a run as failed, which is what it stays if its process is killed."""
    failed = dataclasses.replace(result, finished_at=result.started_at, message=UNFINISHED)
    connection.begin()
    _delete(connection, result)
    _insert(connection, "runs", [_run_row(failed)])
    connection.commit()


def record(connection: duckdb.DuckDBPyConnection, result: LoadResult) -> None:
    """Record a finished run in one transaction."""
    result.finished_at = result.finished_at or datetime.now(UTC)
    connection.begin()
    _delete(connection, result)
    _insert(connection, "runs", [_run_row(result)])
    _insert(connection, "run_streams", (_resource_row(result, r) for r in result.resources))
    _insert(connection, "rejects", _reject_rows(connection, result))
    _insert(connection, "reconciliation", (_comparison_row(result, c) for c in result.comparisons))
    _merge_drift(connection, result)
    _merge_document_checks(connection, result)
    connection.commit()


def _delete(connection: duckdb.DuckDBPyConnection, result: LoadResult) -> None:
    """Delete what an earlier try of this run recorded."""
    for table in ("runs", "run_streams", "rejects", "reconciliation"):
        connection.execute(f"delete from ops.{table} where run_id = $run", {"run": result.run_id})


def _insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    rows: Iterable[Row],
    on_conflict: str = "",
) -> None:
    """Insert rows by column name; all have the same columns."""
    records = list(rows)
    if records:
        columns, marks = ", ".join(records[0]), ", ".join("?" * len(records[0]))
        connection.executemany(
            f"insert into ops.{table} ({columns}) values ({marks}) {on_conflict}",
            [list(record.values()) for record in records],
        )


def _run_row(result: LoadResult) -> Row:
    return {
        "run_id": result.run_id,
        "mode": result.mode,
        "status": result.status,
        "started_at": result.started_at,
        "finished_at": result.finished_at,
        "version": version("gigstack-etl"),
        "teams": len(result.teams),
        "requests": result.requests,
        "retries": result.retries,
        "rows_seen": result.total("rows_seen"),
        "rows_changed": result.total("rows_changed"),
        "rows_deleted": result.total("rows_deleted"),
        "rejects": len(result.rejects),
        "drift": len(result.drift),
        "message": result.message or " ".join(result.skipped_deletions) or None,
    }


def _resource_row(result: LoadResult, stats: ResourceStats) -> Row:
    return {
        "run_id": result.run_id,
        "team_id": stats.team_id,
        "stream": stats.resource,
        "status": stats.status,
        "window_start": stats.window_start,
        "window_end": result.fetched_at,
        "complete_sweep": stats.complete_sweep,
        "pages": stats.pages,
        "requests": stats.request_stats.requests,
        "retries": stats.request_stats.retries,
        "rows_seen": stats.rows_seen,
        "rows_changed": stats.rows_changed,
        "rows_deleted": stats.rows_deleted,
        "rejects": stats.rejects,
        "postponed": stats.postponed,
        "api_total": stats.api_total,
        "seconds": Decimal(f"{stats.seconds:.3f}"),
        "error": stats.error,
        "date_filter": stats.date_filter,
        "unseen_fields": ", ".join(sorted(stats.unseen_fields)) if stats.rows_seen else None,
    }


def _comparison_row(result: LoadResult, comparison: Comparison) -> Row:
    return {
        "run_id": result.run_id,
        "team_id": comparison.team_id,
        "stream": comparison.resource,
        "measure": comparison.measure,
        "api_value": comparison.api_value,
        "warehouse_value": comparison.warehouse_value,
        "difference": comparison.difference,
    }


def _reject_rows(connection: duckdb.DuckDBPyConnection, result: LoadResult) -> Iterator[Row]:
    """The rejects of a run. A finished retry replaces all rejects by those that are left, which
    keep the time when they were last seen; a failed retry changes none.
    """
    last_seen = {}
    if result.mode == RETRY_MODE:
        if result.message:
            return
        last_seen = {_reject_key(reject): seen_at for reject, seen_at in open_rejects(connection)}
        connection.execute("delete from ops.rejects")
    for reject in result.rejects:
        seen_at = last_seen.get(_reject_key(reject), result.fetched_at)
        yield _reject_row(result, reject, seen_at)


def _reject_key(reject: Reject) -> tuple[str | None, ...]:
    return reject.resource, reject.team_id, reject.raw, reject.parent_id


def _reject_row(result: LoadResult, reject: Reject, seen_at: datetime) -> Row:
    return {
        "run_id": result.run_id,
        "team_id": reject.team_id,
        "stream": reject.resource,
        "reason": reject.reason,
        "field": reject.field,
        "raw": reject.raw,
        "seen_at": seen_at,
        "parent_id": reject.parent_id,
    }


def _merge_drift(connection: duckdb.DuckDBPyConnection, result: LoadResult) -> None:
    rows = (
        {
            "stream": resource,
            "path": path,
            "kind": kind,
            "example": result.examples[resource, path, kind],
            "first_seen_at": result.started_at,
            "last_seen_at": result.started_at,
            "occurrences": occurrences,
        }
        for (resource, path, kind), occurrences in result.drift.items()
    )
    _insert(
        connection,
        "drift",
        rows,
        "on conflict do update set last_seen_at = excluded.last_seen_at, "
        "occurrences = occurrences + excluded.occurrences",
    )


def _merge_document_checks(connection: duckdb.DuckDBPyConnection, result: LoadResult) -> None:
    """Thousands of rows, which one insert of lists writes far faster than one insert per row."""
    checks = [
        (stats.team_id, kind, parent)
        for stats in result.resources
        if (kind := RESOURCES[stats.resource].kind)
        for parent in stats.parents
    ]
    if not checks:
        return
    teams, kinds, parents = (list(values) for values in zip(*checks, strict=True))
    connection.execute(
        "insert into ops.document_checks by name "
        "select unnest($teams) as team_id, unnest($kinds) as parent_type, "
        "unnest($parents) as parent_id, $at as checked_at, unnest($documents) as documents "
        "on conflict do update set checked_at = excluded.checked_at, "
        "documents = excluded.documents",
        {
            "teams": teams,
            "kinds": kinds,
            "parents": parents,
            "at": result.started_at,
            "documents": [result.documents[check] for check in checks],
        },
    )
