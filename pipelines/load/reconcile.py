"""After the rows of a run are loaded: marks deleted rows, and compares totals with the API.

A row is marked as deleted only if its list was read to the end without an error, and never when
more than 20 % of a table would be marked at once. Then rows and amounts that the API delivered are
compared with what the warehouse holds of them.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from pipelines import warehouse
from pipelines.foundation.wording import plural
from pipelines.gigstack.endpoint_types import Entity, Table
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
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
# temporary tables of the warehouse: hashes of the keys that the API delivered
DELIVERED_KEYS, DELIVERED_LINKS = "delivered_keys", "delivered_links"


def reconcile(
    connection: duckdb.DuckDBPyConnection,
    result: LoadResult,
    normalizers: dict[str, EntityNormalizer],
    *,
    allow_mass_delete: bool,
) -> None:
    """Mark deleted rows, and compare the others with what the API delivered.

    Adds to the result: deleted rows, rows that an interrupted try of the run had written,
    comparisons, and deletions that were skipped.
    """
    for name, normalizer in normalizers.items():
        entity, change_detector = ENTITIES[name], normalizer.change_detector
        resources = [s for s in result.resources if RESOURCES[s.resource].entity == name]
        if not any(stats.pages for stats in resources):
            continue
        reconciler = _Reconciler(connection, result, entity, resources)
        reconciler.count_rows_of_interrupted_try()
        _copy_keys(connection, change_detector, "seen", DELIVERED_KEYS)
        for link in entity.links:
            _copy_keys(connection, change_detector, "links_seen", DELIVERED_LINKS)
            reconciler.remove_links(link)
        reconciler.mark_deleted(allow_mass_delete=allow_mass_delete)
        result.comparisons += reconciler.compare(change_detector)


def fail_incomplete_lists(
    resources: Iterable[ResourceStats], normalizers: dict[str, EntityNormalizer]
) -> None:
    """Fail the lists of which fewer different records came than the API counts.

    A walk counts what it passes. Only here is known how many of those were different ones, which
    matters where slices overlap or pages repeat a part of each other.
    """
    for stats in resources:
        resource = RESOURCES[stats.resource]
        is_whole = stats.status == "ok" and not stats.window_start
        if stats.needed_total is None or not is_whole or resource.own_path:
            continue
        change_detector = normalizers[resource.entity].change_detector
        rows = change_detector.rows[GroupKey(stats.team_id, resource.kind)] + stats.rejects
        if rows < stats.needed_total:
            stats.fail(
                f"{rows:,} different records came, and the API counts {stats.needed_total:,}"
            )
            stats.complete_sweep = False


def _copy_keys(
    connection: duckdb.DuckDBPyConnection, change_detector: ChangeDetector, keys: str, table: str
) -> None:
    """Copy keys from the change detector's database into a temporary table of the warehouse."""
    connection.register("copied_keys", change_detector.keys(keys))
    connection.execute(
        f"create or replace temp table {table} as "
        "select high::uhugeint << 64 | low::uhugeint as key from copied_keys"
    )
    connection.unregister("copied_keys")


@dataclass(frozen=True)
class _Deletion:
    """Rows of one resource and team that the API no longer lists."""

    stats: ResourceStats
    condition: str
    parameters: dict[str, Any]
    rows: int


@dataclass(frozen=True)
class _Reconciler:
    """Reconciles one entity. `resources` are those of the run that deliver it."""

    connection: duckdb.DuckDBPyConnection
    result: LoadResult
    entity: Entity
    resources: Sequence[ResourceStats]

    @property
    def root(self) -> str:
        return f"{warehouse.SCHEMA}.{self.entity.root.name}"

    def count_rows_of_interrupted_try(self) -> None:
        """Count rows that this run wrote before it was interrupted. After it resumed they counted
        as unchanged.
        """
        for stats in (stats for stats in self.resources if stats.request_stats.resumed):
            resource = RESOURCES[stats.resource]
            root, condition, parameters = warehouse.active_rows(resource, stats.team_id)
            written = warehouse.count(
                self.connection,
                f"{root} where {condition} and run_id = $run",
                {**parameters, "run": self.result.run_id},
            )
            sharing = [stats]
            if self.entity.links:  # all resources of the team write into the same rows
                sharing = [other for other in self.resources if other.team_id == stats.team_id]
            stats.rows_changed += max(0, written - sum(other.rows_changed for other in sharing))

    def remove_links(self, link: Table) -> None:
        """Remove links that the API no longer delivers for parents that were read."""
        for stats in self.resources:
            self.connection.execute(
                f"delete from {warehouse.SCHEMA}.{link.name} where team_id = $team "
                "and parent_type = $kind and ($all or parent_id in (select unnest($parents))) "
                f"and {key_hash(link)} not in (from {DELIVERED_LINKS})",
                {
                    "team": stats.team_id,
                    "kind": RESOURCES[stats.resource].kind,
                    "parents": stats.parents,
                    "all": stats.complete_sweep,
                },
            )

    def mark_deleted(self, *, allow_mass_delete: bool) -> None:
        """Mark the rows that are no longer listed, unless they are too many."""
        deletions = list(self._deletions())
        rows = sum(deletion.rows for deletion in deletions)
        active = warehouse.count(self.connection, f"{self.root} where deleted_at is null")
        is_mass = rows > active * MAX_DELETED_SHARE and not self.entity.is_short_lived
        if is_mass and not allow_mass_delete:
            self.result.skipped_deletions.append(
                f"{rows:,} of {plural(active, 'row')} of {self.entity.root.name} "
                f"{'is' if rows == 1 else 'are'} no longer listed. Not marked as deleted, since "
                "that is more than 20 % of the table; --allow-mass-delete marks them."
            )
            return
        for deletion in deletions:
            self._mark(deletion)

    def _deletions(self) -> Iterator[_Deletion]:
        not_listed = f"{key_hash(self.entity.root)} not in (from {DELIVERED_KEYS})"
        for link in self.entity.links:
            keys = ", ".join(key_columns(self.entity.root))
            not_listed += (
                f" and ({keys}) not in (select ({keys}) from {warehouse.SCHEMA}.{link.name})"
            )
        for stats in self._completely_read():
            resource = RESOURCES[stats.resource]
            root, active, parameters = warehouse.active_rows(resource, stats.team_id)
            condition = f"{active} and {not_listed}"
            rows = warehouse.count(self.connection, f"{root} where {condition}", parameters)
            if rows:
                yield _Deletion(stats, condition, parameters, rows)

    def _completely_read(self) -> Iterator[ResourceStats]:
        """The lists that were read completely and without rejects, since a rejected record may be a
        row that still exists. Documents come from several lists of a team: all of them, or none.
        """
        complete = [s for s in self.resources if s.complete_sweep and not s.rejects]
        if not self.entity.links:
            yield from complete
            return
        by_team = defaultdict(list)
        for stats in self.resources:
            by_team[stats.team_id].append(stats)
        for team_resources in by_team.values():
            if all(stats in complete for stats in team_resources):
                yield team_resources[0]

    def _mark(self, deletion: _Deletion) -> None:
        self.connection.execute(
            f"update {self.root} set deleted_at = $at, updated_at = greatest(updated_at, $at), "
            "updated_at_basis = 'observed', loaded_at = $at, run_id = $run "
            f"where {deletion.condition}",
            {**deletion.parameters, "at": self.result.started_at, "run": self.result.run_id},
        )
        deletion.stats.rows_deleted += deletion.rows

    def compare(self, change_detector: ChangeDetector) -> Iterator[Comparison]:
        """Compare rows and amounts that the API delivered with what the warehouse holds of them."""
        rows, totals = self._stored(has_money=bool(change_detector.totals))
        delivered = change_detector.rows + self._rejected()
        if self.entity.links:  # the documents of a team, whatever parents list them
            delivered = _regrouped(delivered, lambda group: GroupKey(group.team_id, None))
        if not self.entity.root.key:  # the list of teams: every row has a team of its own
            key_team = GroupKey(self.result.resources[0].team_id, None)
            delivered = _regrouped(delivered, lambda _: key_team)
            rows = _regrouped(rows, lambda _: key_team)
        for group in sorted(delivered.keys() | rows.keys(), key=str):
            yield self._comparison(group, "rows", delivered[group], rows[group])
        for group in sorted(change_detector.totals.keys() | totals.keys(), key=str):
            measure = f"total {group.status or '(no status)'} {group.currency or '(no currency)'}"
            total = change_detector.totals.get(group, 0)
            yield self._comparison(group, measure, total, totals.get(group, 0))

    def _rejected(self) -> Counter[GroupKey]:
        return Counter(
            GroupKey(reject.team_id, RESOURCES[reject.resource].kind)
            for reject in self.result.rejects
            if RESOURCES[reject.resource].entity == self.entity.name
        )

    def _stored(self, *, has_money: bool) -> tuple[Counter[GroupKey], dict[GroupKey, Decimal]]:
        """Rows and amounts that the warehouse holds of the delivered keys."""
        kind_column = warehouse.KIND_COLUMNS.get(self.entity.name, "null")
        status, currency, total = MONEY if has_money else ("null", "null", "0")
        groups = self.connection.execute(
            f"select team_id, {kind_column}, {status}, {currency}, count(*), "
            f"coalesce(sum({total}), 0) from {self.root} where deleted_at is null "
            f"and {key_hash(self.entity.root)} in (from {DELIVERED_KEYS}) group by all"
        ).fetchall()
        rows: Counter[GroupKey] = Counter()
        totals: dict[GroupKey, Decimal] = {}
        for *group, count, amount in groups:
            team_id, kind, *_ = group
            rows[GroupKey(team_id, kind)] += count
            if amount:
                totals[GroupKey(*group)] = amount
        return rows, totals

    def _comparison(
        self, group: GroupKey, measure: str, api: Decimal | int, stored: Decimal | int
    ) -> Comparison:
        resource = _resource_name(self.entity, group.kind)
        return Comparison(group.team_id, resource, measure, api, stored)


def _regrouped(
    counts: Counter[GroupKey], new_group: Callable[[GroupKey], GroupKey]
) -> Counter[GroupKey]:
    regrouped: Counter[GroupKey] = Counter()
    for group, count in counts.items():
        regrouped[new_group(group)] += count
    return regrouped


def _resource_name(entity: Entity, kind: str | None) -> str:
    resources = [resource for resource in RESOURCES.values() if resource.entity == entity.name]
    matching = (resource.name for resource in resources if resource.kind == kind)
    return next(matching, resources[0].name)
