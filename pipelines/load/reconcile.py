"""What is left to do once the rows of a run are in the warehouse: deletion marks, reconciliation.

A row is marked deleted only where its list was read to the end without an error, and never when
more than a fifth of a table would vanish at once. What the API delivered is then counted and added
up against what the warehouse holds of it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal

import duckdb

from pipelines import warehouse
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES, Entity, Table
from pipelines.gigstack.extract.stats import ResourceStats
from pipelines.gigstack.normalize.change_detection import (
    MONEY,
    ChangeDetector,
    GroupKey,
    key_columns,
    key_hash,
)
from pipelines.gigstack.normalize.normalizer import EntityNormalizer
from pipelines.warehouse.run_log import Comparison, LoadResult

MAX_DELETED_SHARE = Decimal("0.2")  # of a table's rows in one run, unless it is allowed


def reconcile(
    connection: duckdb.DuckDBPyConnection,
    run: LoadResult,
    normalizers: dict[str, EntityNormalizer],
    *,
    allow_mass_delete: bool,
) -> None:
    """Mark what vanished, and compare the rest with what was delivered.

    Adds to the run: rows by stream that were deleted, and that were written before it died;
    comparisons, and what was held back and why.
    """
    for name, normalizer in normalizers.items():
        entity, change_detector = ENTITIES[name], normalizer.change_detector
        reports = [report for report in run.resources if RESOURCES[report.resource].entity == name]
        if not any(report.pages for report in reports):
            continue
        _count_what_was_written_before(connection, run, entity, reports)
        _take_keys(connection, change_detector, "seen")
        for link in entity.links:
            _take_keys(connection, change_detector, "links_seen")
            _unlink(connection, link, reports)
        _mark_deleted(connection, run, entity, reports, allow_mass_delete=allow_mass_delete)
        run.comparisons += _compare(connection, run, entity, change_detector)


def _count_what_was_written_before(
    connection: duckdb.DuckDBPyConnection,
    run: LoadResult,
    entity: Entity,
    reports: Sequence[ResourceStats],
) -> None:
    """Add what this run had written when it died, and has then found as the warehouse has it."""
    for report in (report for report in reports if report.request_stats.resumed):
        root, live, values = warehouse.active_rows(RESOURCES[report.resource], report.team_id)
        of_run = f"{root} where {live} and run_id = $run"
        written = warehouse.count(connection, of_run, {**values, "run": run.run_id})
        together = [report]  # whose rows these are
        if entity.links:
            together = [other for other in reports if other.team_id == report.team_id]
        counted = sum(other.rows_changed for other in together)
        report.rows_changed += max(0, written - counted)


def _take_keys(
    connection: duckdb.DuckDBPyConnection, change_detector: ChangeDetector, name: str
) -> None:
    """Copy the keys that were delivered into a temporary table of the warehouse."""
    connection.register("keys", change_detector.keys(name))
    connection.execute(
        f"create or replace temp table {name} as "
        "select high::uhugeint << 64 | low::uhugeint as key from keys"
    )
    connection.unregister("keys")


def _unlink(
    connection: duckdb.DuckDBPyConnection, link: Table, reports: Iterable[ResourceStats]
) -> None:
    """Remove the links that their parents no longer name, or whose parents are gone."""
    for report in reports:
        values = {
            "team": report.team_id,
            "kind": RESOURCES[report.resource].kind,
            "parents": report.parents,
            "all": report.complete_sweep,
        }
        connection.execute(
            f"delete from {warehouse.SCHEMA}.{link.name} where team_id = $team "
            "and parent_type = $kind and ($all or parent_id in (select unnest($parents))) "
            f"and {key_hash(link)} not in (from links_seen)",
            values,
        )


def _mark_deleted(
    connection: duckdb.DuckDBPyConnection,
    run: LoadResult,
    entity: Entity,
    reports: Sequence[ResourceStats],
    *,
    allow_mass_delete: bool,
) -> None:
    gone = f"{key_hash(entity.root)} not in (from seen)"
    for link in entity.links:
        keys = ", ".join(key_columns(entity.root))
        gone += f" and ({keys}) not in (select ({keys}) from {warehouse.SCHEMA}.{link.name})"
    vanished = []
    for report in _swept(entity, reports):
        root, live, values = warehouse.active_rows(RESOURCES[report.resource], report.team_id)
        rows = warehouse.count(connection, f"{root} where {live} and {gone}", values)
        if rows:
            vanished.append((report, live, values, rows))
    root = f"{warehouse.SCHEMA}.{entity.root.name}"
    total = sum(rows for *_, rows in vanished)
    alive = warehouse.count(connection, f"{root} where deleted_at is null")
    is_much = total > alive * MAX_DELETED_SHARE and not entity.is_short_lived
    if is_much and not allow_mass_delete:
        run.held_back.append(
            f"{total} of {alive} rows of {entity.root.name} are no longer listed. Not marked as "
            "deleted, since that is more than a fifth; --allow-mass-delete marks them."
        )
        return
    for report, live, values, rows in vanished:
        connection.execute(
            f"update {root} set deleted_at = $at, updated_at = greatest(updated_at, $at), "
            f"updated_at_basis = 'observed', loaded_at = $at, run_id = $run "
            f"where {live} and {gone}",
            {**values, "at": run.started_at, "run": run.run_id},
        )
        report.rows_deleted += rows


def _swept(entity: Entity, reports: Sequence[ResourceStats]) -> Iterator[ResourceStats]:
    """The lists that were read whole, without a reject: that may be a row which is still there.
    Documents come from several lists of a team: all, or none.
    """
    whole = [report for report in reports if report.complete_sweep and not report.rejects]
    if not entity.links:
        yield from whole
        return
    by_team = defaultdict(list)
    for report in reports:
        by_team[report.team_id].append(report)
    for of_team in by_team.values():
        if all(report in whole for report in of_team):
            yield of_team[0]


def _compare(
    connection: duckdb.DuckDBPyConnection,
    run: LoadResult,
    entity: Entity,
    change_detector: ChangeDetector,
) -> Iterator[Comparison]:
    """What was delivered of an entity, and what the warehouse holds of just that."""
    rows, totals = _held(connection, entity, bool(change_detector.totals))
    rejected = Counter(
        GroupKey(reject.team_id, RESOURCES[reject.resource].kind)
        for reject in run.rejects
        if RESOURCES[reject.resource].entity == entity.name
    )
    counted = change_detector.rows + rejected
    if entity.links:  # documents of one team, whatever parents they were listed under
        counted = _merged(counted, lambda of: GroupKey(of.team_id, None))
    if not entity.root.key:  # every row is a team of its own, all listed for the key's
        own = GroupKey(run.resources[0].team_id, None)
        counted, rows = _merged(counted, lambda _: own), _merged(rows, lambda _: own)
    for of in sorted(counted.keys() | rows.keys(), key=str):
        yield Comparison(of.team_id, _resource(entity, of.kind), "rows", counted[of], rows[of])
    for of in sorted(change_detector.totals.keys() | totals.keys(), key=str):
        measure = f"total {of.status or '(no status)'} {of.currency or '(no currency)'}"
        resource = _resource(entity, of.kind)
        yield Comparison(
            of.team_id, resource, measure, change_detector.totals.get(of, 0), totals.get(of, 0)
        )


def _held(
    connection: duckdb.DuckDBPyConnection, entity: Entity, has_money: bool
) -> tuple[Counter[GroupKey], dict[GroupKey, Decimal]]:
    """Rows and money of the delivered keys in the warehouse."""
    kind = warehouse.KINDS.get(entity.name, "null")
    status, currency, total = MONEY if has_money else ("null", "null", "0")
    found = connection.execute(
        f"select team_id, {kind}, {status}, {currency}, count(*), coalesce(sum({total}), 0) "
        f"from {warehouse.SCHEMA}.{entity.root.name} "
        f"where deleted_at is null and {key_hash(entity.root)} in (from seen) group by all"
    ).fetchall()
    rows: Counter[GroupKey] = Counter()
    totals: dict[GroupKey, Decimal] = {}
    for team, of_kind, of_status, of_currency, count, money in found:
        rows[GroupKey(team, of_kind)] += count
        if money:
            totals[GroupKey(team, of_kind, of_status, of_currency)] = money
    return rows, totals


def _merged(counted: Counter[GroupKey], name: Callable[[GroupKey], GroupKey]) -> Counter[GroupKey]:
    merged: Counter[GroupKey] = Counter()
    for of, count in counted.items():
        merged[name(of)] += count
    return merged


def _resource(entity: Entity, kind: str | None) -> str:
    resources = [resource for resource in RESOURCES.values() if resource.entity == entity.name]
    return next(
        (resource.name for resource in resources if resource.kind == kind), resources[0].name
    )
