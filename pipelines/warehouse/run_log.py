"""The log of runs in schema `ops`: the result of a load, and what earlier runs recorded."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import duckdb

from pipelines.gigstack.api.client import RequestStats
from pipelines.gigstack.endpoint_types import Resource
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.gigstack.extract.stats import ResourceStats
from pipelines.gigstack.normalize.batch import Batch, Reject
from pipelines.gigstack.normalize.drift import DriftFinding
from pipelines.gigstack.normalize.normalizer import TOMBSTONE

RETRY_MODE = "retry"  # of a run that tries rejected records again
# a backfill reads part of the past, and a replay reads nothing: neither says how fresh a list is
REGULAR_MODES = "('incremental', 'full')"


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
    """One load: what it was to read, what it read and wrote, and what needs attention.

    Drift and its examples are by resource, path and kind; documents by team, type of parent and
    parent; rows and seconds by table.
    """

    run_id: str
    mode: str
    started_at: datetime
    teams: tuple[str, ...] = ()
    team_discovery: RequestStats = field(default_factory=RequestStats)
    resources: list[ResourceStats] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    drift: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    known_drift: Collection[tuple[str, str, str]] = ()  # that earlier runs found
    examples: dict[tuple[str, str, str], str] = field(default_factory=dict)
    documents: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    table_rows: Counter[str] = field(default_factory=Counter)
    table_seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    comparisons: list[Comparison] = field(default_factory=list)
    skipped_deletions: list[str] = field(default_factory=list)  # why, one sentence per table
    finished_at: datetime | None = None
    message: str | None = None  # why it failed
    is_first: bool = False  # no earlier load has ended well
    as_of: datetime | None = None  # of a replay: when the answers were fetched

    @property
    def fetched_at(self) -> datetime:
        """The moment whose state of the account this run loads."""
        return self.as_of or self.started_at

    def add(self, batch: Batch) -> None:
        """Count what a batch writes and what is wrong with it."""
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
        """`ok` only when nothing deviates; `failed` when no resource could be read."""
        if self.message:
            return "failed"
        failed = [resource for resource in self.resources if resource.status == "failed"]
        if failed and len(failed) == len(self.resources):
            return "failed"
        if failed or self.unreachable_teams():
            return "partial"
        return "warn" if self._deviates else "ok"

    @property
    def _deviates(self) -> bool:
        is_postponed = any(resource.postponed for resource in self.resources)
        findings = (self.rejects, self.new_drift, self.skipped_deletions, self.differences)
        return is_postponed or any(findings)

    @property
    def new_drift(self) -> list[tuple[str, str, str]]:
        """What no earlier run found, by resource, path and kind."""
        return sorted(self.drift.keys() - set(self.known_drift))

    @property
    def differences(self) -> list[Comparison]:
        return [comparison for comparison in self.comparisons if comparison.difference]

    def unreachable_teams(self) -> set[str]:
        """Teams none of whose lists answers: the key has no access to them."""
        answered = {
            resource.team_id for resource in self.resources if resource.status != "unavailable"
        }
        return {resource.team_id for resource in self.resources} - answered

    def silent_teams(self) -> dict[str, str]:
        """Teams none of whose lists could be read, and the first reason."""
        by_team: dict[str, list[ResourceStats]] = defaultdict(list)
        for resource in self.resources:
            by_team[resource.team_id].append(resource)
        return {
            team: of_team[0].error or ""
            for team, of_team in by_team.items()
            if all(resource.status in ("unavailable", "failed") for resource in of_team)
        }

    def total(self, measure: str) -> int:
        return sum(getattr(resource, measure) for resource in self.resources)

    @property
    def requests(self) -> int:
        return sum(stats.requests for stats in self._request_stats())

    @property
    def retries(self) -> int:
        return sum(stats.retries for stats in self._request_stats())

    def _request_stats(self) -> list[RequestStats]:
        return [self.team_discovery, *(resource.request_stats for resource in self.resources)]


def open_rejects(connection: duckdb.DuckDBPyConnection) -> list[tuple[Reject, datetime]]:
    """Every rejected record, once, with the time when it was last seen; the newest first."""
    rows = connection.execute(
        "select stream, team_id, any_value(reason), any_value(field), raw, parent_id, max(seen_at) "
        "from ops.rejects group by stream, team_id, raw, parent_id order by max(seen_at) desc"
    ).fetchall()
    return [(Reject(*row), seen_at) for *row, seen_at in rows]


def checked_parents(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], int]:
    """Parents whose documents were read, as (team_id, parent_id), the longest ago first, with the
    number of their documents.
    """
    rows = connection.execute(
        "select team_id, parent_id, documents from ops.document_checks "
        "order by checked_at, team_id, parent_id"
    ).fetchall()
    return {(team, parent): documents for team, parent, documents in rows}


def known_drift(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str]]:
    """Undeclared fields and values that earlier runs found, by resource, path and kind."""
    return set(connection.execute("select stream, path, kind from ops.drift").fetchall())


def is_first_load(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether no load has ended yet, if only in part."""
    query = f"select 1 from ops.runs where mode in {REGULAR_MODES} and status <> 'failed' limit 1"
    return connection.execute(query).fetchone() is None


def lists_that_answered(
    connection: duckdb.DuckDBPyConnection, since: datetime
) -> set[tuple[str, str]]:
    """Lists that a run since then could read, as (resource, team_id)."""
    rows = connection.execute(
        "select distinct stream, team_id from ops.run_streams inner join ops.runs using (run_id) "
        f"where run_streams.status = 'ok' and pages > 0 and mode in {REGULAR_MODES} "
        "and started_at >= $since",
        {"since": since},
    ).fetchall()
    return set(rows)


def parents_read_after(
    connection: duckdb.DuckDBPyConnection, moment: datetime
) -> set[tuple[str, str | None]]:
    """Teams and types of parents whose documents were read after a moment."""
    rows = connection.execute(
        "select distinct team_id, stream from ops.run_streams inner join ops.runs using (run_id) "
        f"where run_streams.status = 'ok' and mode in {REGULAR_MODES} and window_end > $moment",
        {"moment": moment},
    ).fetchall()
    return {(team, RESOURCES[name].kind) for team, name in rows if RESOURCES[name].parents}


def pages_of_last_complete_read(
    connection: duckdb.DuckDBPyConnection, resource: Resource, team: str
) -> int | None:
    """How many pages the whole list had when it was last read; None if it never was."""
    row = connection.execute(
        "select pages from ops.run_streams where stream = $stream and team_id = $team "
        "and status = 'ok' and window_start is null "
        f"and run_id in (select run_id from ops.runs where mode in {REGULAR_MODES}) "
        "order by run_id desc limit 1",
        {"stream": resource.name, "team": team},
    ).fetchone()
    return int(row[0]) if row else None
