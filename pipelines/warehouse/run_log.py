"""The run ledger in schema `ops`: runs, their streams, rejects, drift and document checks."""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version

import duckdb

from pipelines.foundation.errors import GigstackError
from pipelines.foundation.paths import LOADER_SQL, read_sql
from pipelines.gigstack.api.client import RequestStats
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.gigstack.extract.stats import ResourceStats
from pipelines.gigstack.normalize.batch import Batch, Reject
from pipelines.gigstack.normalize.drift import DriftFinding
from pipelines.gigstack.normalize.normalizer import TOMBSTONE

UNFINISHED = "the run did not finish"
RETRY = "retry"  # the mode of a run that tries rejects again


@dataclass(frozen=True)
class Comparison:
    """What the API delivered and what the warehouse holds of it: rows, or an amount of money."""

    team_id: str
    resource: str
    measure: str
    api_value: Decimal | int
    warehouse_value: Decimal | int

    @property
    def difference(self) -> Decimal | int:
        return self.warehouse_value - self.api_value


@dataclass
class LoadResult:
    """One run: what was asked for, what came, what needs a look."""

    run_id: str
    mode: str
    started_at: datetime
    teams: tuple[str, ...] = ()
    team_discovery: RequestStats = field(default_factory=RequestStats)
    resources: list[ResourceStats] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    drift: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # stream, path, kind
    examples: dict[tuple[str, str, str], str] = field(default_factory=dict)
    documents: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # of a parent
    table_rows: Counter[str] = field(default_factory=Counter)  # written, by table
    table_seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    comparisons: list[Comparison] = field(default_factory=list)
    held_back: list[str] = field(default_factory=list)  # deletions that nobody allowed
    finished_at: datetime | None = None
    message: str | None = None
    as_of: datetime | None = None  # when an older run fetched what this one loads again

    @property
    def fetched_at(self) -> datetime:
        """The moment whose state of the account this run loads."""
        return self.as_of or self.started_at

    def add(self, batch: Batch) -> None:
        self.rejects += batch.rejects
        self.documents.update(batch.documents)
        for resource, finding in batch.findings:
            self._add_finding(resource, finding)
        for table, rows in batch.tables.items():
            is_child = TOMBSTONE in rows.column_names
            self.table_rows[table] += rows[TOMBSTONE].null_count if is_child else rows.num_rows

    def _add_finding(self, resource: str, finding: DriftFinding) -> None:
        key = (resource, finding.path, finding.kind)
        self.drift[key] += 1
        self.examples.setdefault(key, finding.example)

    @property
    def status(self) -> str:
        """`ok` only when everything is; `failed` when nothing came through."""
        if self.message:
            return "failed"
        failed = [resource for resource in self.resources if resource.status == "failed"]
        if failed and len(failed) == len(self.resources):
            return "failed"
        if failed or self.teams_out_of_reach():
            return "partial"
        postponed = any(resource.postponed for resource in self.resources)
        deviates = self.rejects or self.drift or postponed or self.held_back or self.differences
        return "warn" if deviates else "ok"

    @property
    def differences(self) -> list[Comparison]:
        return [comparison for comparison in self.comparisons if comparison.difference]

    def teams_out_of_reach(self) -> set[str]:
        """Teams of which no list answers: out of the key's reach rather than without a feature."""
        answered = {
            resource.team_id for resource in self.resources if resource.status != "unavailable"
        }
        return {resource.team_id for resource in self.resources} - answered

    def total(self, measure: str) -> int:
        return sum(getattr(resource, measure) for resource in self.resources)

    @property
    def requests(self) -> int:
        return sum(request_stats.requests for request_stats in self._request_stats())

    @property
    def retries(self) -> int:
        return sum(request_stats.retries for request_stats in self._request_stats())

    def _request_stats(self) -> list[RequestStats]:
        return [self.team_discovery, *(resource.request_stats for resource in self.resources)]


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the schema `ops` where it is missing."""
    connection.execute(read_sql(LOADER_SQL / "run_log.sql"))


def begin(connection: duckdb.DuckDBPyConnection, run: LoadResult) -> None:
    """Note that a run has begun: what dies without a word stands there as failed."""
    row = dataclasses.replace(run, finished_at=run.started_at, message=UNFINISHED)
    connection.begin()
    _forget(connection, run)
    _insert(connection, "runs", [_run_row(row)])
    connection.commit()


@contextmanager
def recorded(connection: duckdb.DuckDBPyConnection, run: LoadResult) -> Iterator[None]:
    """Have a run in the ledger from its beginning, whatever becomes of it."""
    begin(connection, run)
    try:
        yield
    except BaseException as error:
        run.message = str(error) if isinstance(error, GigstackError) else UNFINISHED
        raise
    finally:
        record(connection, run)


def _forget(connection: duckdb.DuckDBPyConnection, run: LoadResult) -> None:
    """Drop what was noted of this run, which is about to be noted anew."""
    for table in ("runs", "run_streams", "rejects", "reconciliation"):
        connection.execute(f"delete from ops.{table} where run_id = $run", {"run": run.run_id})


def record(connection: duckdb.DuckDBPyConnection, run: LoadResult) -> None:
    """Write a finished run into the ledger, all of it or nothing."""
    run.finished_at = run.finished_at or datetime.now(UTC)
    connection.begin()
    _forget(connection, run)
    _insert(connection, "runs", [_run_row(run)])
    _insert(connection, "run_streams", (_resource_row(run, resource) for resource in run.resources))
    _insert(connection, "rejects", _reject_rows(connection, run))
    _insert(connection, "reconciliation", (_comparison_row(run, c) for c in run.comparisons))
    _merge_drift(connection, run)
    _merge_document_checks(connection, run)
    connection.commit()


def open_rejects(connection: duckdb.DuckDBPyConnection) -> list[tuple[Reject, datetime]]:
    """Every record that was rejected, once, with when it was last seen; the newest first."""
    rows = connection.execute(
        "select stream, team_id, any_value(reason), any_value(field), raw, parent_id, max(seen_at) "
        "from ops.rejects group by stream, team_id, raw, parent_id order by max(seen_at) desc"
    ).fetchall()
    return [(Reject(*row), seen_at) for *row, seen_at in rows]


def _identity(reject: Reject) -> tuple[str | None, ...]:
    return reject.resource, reject.team_id, reject.raw, reject.parent_id


def checked_parents(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Parents whose documents were asked for, as (team_id, parent_id), the longest ago first."""
    return connection.execute(
        "select team_id, parent_id from ops.document_checks order by checked_at, team_id, parent_id"
    ).fetchall()


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[tuple[object, ...]]
) -> None:
    values = list(rows)
    if values:
        marks = ", ".join("?" * len(values[0]))
        connection.executemany(f"insert into ops.{table} values ({marks})", values)


def _run_row(run: LoadResult) -> tuple[object, ...]:
    return (
        run.run_id,
        run.mode,
        run.status,
        run.started_at,
        run.finished_at,
        version("gigstack-etl"),
        len(run.teams),
        run.requests,
        run.retries,
        run.total("rows_seen"),
        run.total("rows_changed"),
        run.total("rows_deleted"),
        len(run.rejects),
        len(run.drift),
        run.message or "; ".join(run.held_back) or None,
    )


def _comparison_row(run: LoadResult, comparison: Comparison) -> tuple[object, ...]:
    return (
        run.run_id,
        comparison.team_id,
        comparison.resource,
        comparison.measure,
        comparison.api_value,
        comparison.warehouse_value,
        comparison.difference,
    )


def _resource_row(run: LoadResult, resource: ResourceStats) -> tuple[object, ...]:
    return (
        run.run_id,
        resource.team_id,
        resource.resource,
        resource.status,
        resource.window_start,
        run.fetched_at,
        resource.complete_sweep,
        resource.pages,
        resource.request_stats.requests,
        resource.request_stats.retries,
        resource.rows_seen,
        resource.rows_changed,
        resource.rows_deleted,
        resource.rejects,
        resource.postponed,
        resource.api_total,
        Decimal(f"{resource.seconds:.3f}"),
        resource.error,
    )


def _reject_rows(
    connection: duckdb.DuckDBPyConnection, run: LoadResult
) -> Iterator[tuple[object, ...]]:
    """The rejects of a run. A retry that came to its end takes over those that are left, without
    making them any newer; one that failed leaves all as they were.
    """
    last_seen = {}
    if run.mode == RETRY:
        if run.message:
            return
        last_seen = {_identity(reject): at for reject, at in open_rejects(connection)}
        connection.execute("delete from ops.rejects")
    for reject in run.rejects:
        yield _reject_row(run, reject, last_seen.get(_identity(reject), run.fetched_at))


def _reject_row(run: LoadResult, reject: Reject, seen_at: datetime) -> tuple[object, ...]:
    return (
        run.run_id,
        reject.team_id,
        reject.resource,
        reject.reason,
        reject.field,
        reject.raw,
        seen_at,
        reject.parent_id,
    )


def _merge_drift(connection: duckdb.DuckDBPyConnection, run: LoadResult) -> None:
    rows = [
        (*key, run.examples[key], run.started_at, run.started_at, count)
        for key, count in run.drift.items()
    ]
    if rows:
        connection.executemany(
            "insert into ops.drift values (?, ?, ?, ?, ?, ?, ?) "
            "on conflict do update set last_seen_at = excluded.last_seen_at, "
            "occurrences = occurrences + excluded.occurrences",
            rows,
        )


def _merge_document_checks(connection: duckdb.DuckDBPyConnection, run: LoadResult) -> None:
    rows = [
        (
            resource.team_id,
            kind,
            parent,
            run.started_at,
            run.documents[resource.team_id, kind, parent],
        )
        for resource in run.resources
        if (kind := RESOURCES[resource.resource].kind)
        for parent in resource.parents
    ]
    if rows:
        connection.execute(
            "insert into ops.document_checks "
            "select unnest($teams), unnest($kinds), unnest($parents), $at, unnest($counts) "
            "on conflict do update set checked_at = excluded.checked_at, "
            "documents = excluded.documents",
            {
                "teams": [row[0] for row in rows],
                "kinds": [row[1] for row in rows],
                "parents": [row[2] for row in rows],
                "at": run.started_at,
                "counts": [row[4] for row in rows],
            },
        )
