"""Decides what an incremental load reads: a window of each list, and open objects older than it.

A window begins `lookback_days` before the watermark of its resource and team. The watermark is the
start of the last run that read the list completely, minus a day. Older objects that can still
change (`sql/loader/still_open/`) are reached by a wider window or by one request each, whichever
takes fewer requests. Where a list shows what changed since the watermark, that replaces both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from pipelines import warehouse
from pipelines.foundation.paths import LOADER_SQL, STILL_OPEN_SQL, read_sql
from pipelines.foundation.time_zone import MEXICO_CITY, midnight
from pipelines.gigstack.endpoint_types import Resource, WindowField
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
from pipelines.gigstack.extract.read_window import ReadWindow, ReadWindows
from pipelines.gigstack.settings import Settings
from pipelines.gigstack.source import Watermarks

SAFETY_MARGIN = timedelta(days=1)  # for clocks that differ, and days that begin elsewhere
MAX_SINGLES = 500  # single requests per resource and team; beyond it the window gets wider
WINDOW_COLUMNS = {WindowField.CREATED: "created_at", WindowField.ISSUED: "issued_at"}


@dataclass(frozen=True)
class WindowPlanner:
    """Plans the windows of an incremental load. `existing` names the warehouse's tables."""

    connection: duckdb.DuckDBPyConnection
    existing: set[str]
    watermarks: Watermarks
    settings: Settings

    def windows(
        self,
        lists: Iterable[tuple[Resource, str]],
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> ReadWindows:
        """The window of every list that has one. `since` replaces the look-backs. With `until` a
        window is read alone, without open objects older than it.
        """
        windows = {}
        for resource, team in lists:
            start = since or self._start(resource, team)
            if resource.window and start:
                window = (
                    ReadWindow(start, end=until) if until else self._window(resource, team, start)
                )
                changed_since = None if since else self._watermark(resource, team)
                windows[resource.name, team] = replace(window, changed_since=changed_since)
        return windows

    def _start(self, resource: Resource, team: str) -> datetime | None:
        """Midnight in Mexico City, `lookback_days` before the watermark; None without one."""
        watermark = self._watermark(resource, team)
        if watermark is None:
            return None
        start = watermark - timedelta(days=self.settings.lookback(resource))
        return midnight(start.astimezone(MEXICO_CITY).date())

    def _watermark(self, resource: Resource, team: str) -> datetime | None:
        """When everything of a list was last known, less a margin."""
        watermark = self.watermarks.get(team, {}).get(resource.name)
        return datetime.fromisoformat(watermark) if watermark else None

    def _window(self, resource: Resource, team: str, start: datetime) -> ReadWindow:
        root = ENTITIES[resource.entity].root
        if not resource.single_path or root.name not in self.existing:
            return ReadWindow(start)
        self._create_open_items(resource, team, start)
        self._create_older_rows(resource, team, start)
        start = self._cheapest_start(start)
        open_items = self.connection.execute(
            "select id from open_items where created_at < $start order by created_at, id",
            {"start": start},
        ).fetchall()
        return ReadWindow(start.astimezone(UTC), tuple(item for (item,) in open_items))

    def _create_open_items(self, resource: Resource, team: str, start: datetime) -> None:
        """Make the open objects older than a window the temporary table `open_items`."""
        self.connection.execute(
            f"create or replace temp table open_items as from ({_open_sql(resource.entity)}) "
            "where team_id = $team and kind is not distinct from $kind and created_at < $start",
            {"team": team, "kind": resource.kind, "start": start},
        )

    def _create_older_rows(self, resource: Resource, team: str, start: datetime) -> None:
        """Make the rows from the oldest open object up to a window the temporary table `older`."""
        (key,) = ENTITIES[resource.entity].root.key
        table, condition, parameters = warehouse.active_rows(resource, team)
        self.connection.execute(
            "create or replace temp table older as select created_at, "
            f"{key} in (select id from open_items) as is_open from {table} where {condition} "
            "and created_at < $start "
            "and created_at >= (select min(created_at) from open_items)",
            parameters | {"start": start},
        )

    def _cheapest_start(self, start: datetime) -> datetime:
        variables: dict[str, Any] = {
            "start": start,
            "page_size": self.settings.page_size,
            "most": MAX_SINGLES,
        }
        for name, value in variables.items():
            self.connection.execute(f"set variable {name} = $value", {"value": value})
        query = read_sql(LOADER_SQL / "cheapest_window.sql")
        (cheapest,) = self.connection.execute(query).fetchone() or (start,)
        return cheapest  # type: ignore[no-any-return]


def valid_watermarks(watermarks: Watermarks, rebuilt_at: Mapping[str, datetime]) -> Watermarks:
    """Those of runs that began after the tables of their entity were last made anew."""
    return {
        team: {
            name: mark
            for name, mark in of_team.items()
            if _is_valid(datetime.fromisoformat(mark), rebuilt_at.get(RESOURCES[name].entity))
        }
        for team, of_team in watermarks.items()
    }


def _is_valid(watermark: datetime, rebuilt_at: datetime | None) -> bool:
    return rebuilt_at is None or watermark + SAFETY_MARGIN >= rebuilt_at


def rows_since(
    connection: duckdb.DuckDBPyConnection, resource: Resource, team: str, start: datetime | None
) -> int:
    """How many rows of a resource and team the warehouse holds, from a moment on."""
    table, condition, parameters = warehouse.active_rows(resource, team)
    if resource.window and start:
        condition = f"{condition} and {WINDOW_COLUMNS[resource.window]} >= $start"
        parameters |= {"start": start}
    return warehouse.count(connection, f"{table} where {condition}", parameters)


def urgent_parents(
    connection: duckdb.DuckDBPyConnection, existing: set[str]
) -> list[tuple[str, str]]:
    """Parents whose documents are about to change, as (team_id, parent_id)."""
    if not {"support_documents", "support_document_parents"} <= existing:
        return []
    return connection.execute(_open_sql("support_documents")).fetchall()


def _open_sql(entity: str) -> str:
    return read_sql(STILL_OPEN_SQL / f"{entity}.sql")
