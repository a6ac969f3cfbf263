"""What an incremental load reads: windows by creation or issue, and what is open beyond them.

A window begins `lookback_days` before the watermark of its stream and team, which is the start of
the last run that read it whole, minus a day. Objects that can still change (`sql/loader/still_open/`) and are
older are reached by the cheaper of a wider window and one request each.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import duckdb

from pipelines import warehouse
from pipelines.foundation.paths import LOADER_SQL, STILL_OPEN_SQL, read_sql
from pipelines.foundation.time_zone import MEXICO_CITY, midnight
from pipelines.gigstack.endpoints import ENTITIES, Resource, WindowField
from pipelines.gigstack.extract.read_window import ReadWindow, ReadWindows
from pipelines.gigstack.settings import Settings
from pipelines.gigstack.source import Watermarks

SAFETY_MARGIN = timedelta(days=1)  # for clocks that differ, and days that begin elsewhere
MAX_SINGLES = 500  # of one stream and team; past it the window grows instead
COLUMN = {WindowField.CREATED: "created_at", WindowField.ISSUED: "issued_at"}


def read_windows(
    connection: duckdb.DuckDBPyConnection,
    existing: set[str],
    lists: Iterable[tuple[Resource, str]],
    watermarks: Watermarks,
    settings: Settings,
    since: datetime | None,
    until: datetime | None = None,
) -> ReadWindows:
    """The windows of an incremental load. `existing` are the warehouse's tables; `since` takes the
    place of every look-back. Up to `until` a window is read alone, without what is open beyond it.
    """
    found = {}
    for resource, team in lists:
        start = since or _window_start(resource, team, watermarks, settings)
        if resource.window and start and until:
            found[resource.name, team] = ReadWindow(start, end=until)
        elif resource.window and start:
            found[resource.name, team] = (
                _with_open_items(connection, resource, team, start, settings.page_size)
                if resource.single_path and ENTITIES[resource.entity].root.name in existing
                else ReadWindow(start)
            )
    return found


def _window_start(
    resource: Resource, team: str, watermarks: Watermarks, settings: Settings
) -> datetime | None:
    """Midnight in Mexico City, `lookback_days` before the watermark; None without one."""
    watermark = watermarks.get(team, {}).get(resource.name)
    if watermark is None:
        return None
    start = datetime.fromisoformat(watermark) - timedelta(days=settings.lookback(resource))
    return midnight(start.astimezone(MEXICO_CITY).date())


def _with_open_items(
    connection: duckdb.DuckDBPyConnection,
    resource: Resource,
    team: str,
    start: datetime,
    page_size: int,
) -> ReadWindow:
    """Reach what is open beyond a window in the cheapest way."""
    table, live, values = warehouse.active_rows(resource, team)
    connection.execute(
        f"create or replace temp table open_items as from ({_open_sql(resource.entity)}) "
        "where team_id = $team and kind is not distinct from $kind and created_at < $start",
        {"team": team, "kind": resource.kind, "start": start},
    )
    (identity,) = ENTITIES[resource.entity].root.key
    connection.execute(
        f"create or replace temp table older as select created_at, {identity} in "
        f"(select id from open_items) as is_open from {table} where {live} "
        "and created_at < $start "
        "and created_at >= (select min(created_at) from open_items)",
        values | {"start": start},
    )
    for name, value in (("start", start), ("page_size", page_size), ("most", MAX_SINGLES)):
        connection.execute(f"set variable {name} = $value", {"value": value})
    cheapest = read_sql(LOADER_SQL / "cheapest_window.sql")
    (start,) = connection.execute(cheapest).fetchone() or (start,)
    beyond = connection.execute(
        "select id from open_items where created_at < $start order by created_at, id",
        {"start": start},
    ).fetchall()
    return ReadWindow(start.astimezone(UTC), tuple(identity for (identity,) in beyond))


def rows_since(
    connection: duckdb.DuckDBPyConnection, resource: Resource, team: str, start: datetime | None
) -> int:
    """How many rows of a stream and team the warehouse has, from a moment on."""
    table, live, values = warehouse.active_rows(resource, team)
    if resource.window and start:
        live, values = f"{live} and {COLUMN[resource.window]} >= $start", values | {"start": start}
    return warehouse.count(connection, f"{table} where {live}", values)


def urgent_parents(
    connection: duckdb.DuckDBPyConnection, existing: set[str]
) -> list[tuple[str, str]]:
    """Parents whose documents are about to change, as (team_id, parent_id)."""
    if not {"support_documents", "support_document_parents"} <= existing:
        return []
    return connection.execute(_open_sql("support_documents")).fetchall()


def _open_sql(entity: str) -> str:
    return read_sql(STILL_OPEN_SQL / f"{entity}.sql")
