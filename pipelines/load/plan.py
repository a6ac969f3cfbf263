"""What a load would do: the `--dry-run` of `load`. Moves no state.

How many pages a list has is taken from the warehouse, where it was loaded before; else from what
the API says of it.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines import warehouse
from pipelines.foundation.time_zone import MEXICO_CITY
from pipelines.gigstack.api.date_filters import SPELLINGS
from pipelines.gigstack.api.teams import ALL_TEAMS
from pipelines.gigstack.api.time_slices import is_long
from pipelines.gigstack.api.timestamps import ORDER_MARGIN
from pipelines.gigstack.check import CheckResult, ResourceCheck, check_account
from pipelines.gigstack.endpoints import Pagination, Resource, Scope
from pipelines.gigstack.extract.read_window import ReadWindow, ReadWindows
from pipelines.gigstack.extract.runner import lists_of
from pipelines.gigstack.settings import Settings
from pipelines.load import incremental
from pipelines.load.dlt_loader import pipeline_in, watermarks_of
from pipelines.load.run import LoadOptions

EVERYTHING = "all"


@dataclass(frozen=True)
class Step:
    """One stream of one team. `expected_requests` is None where nothing tells the length."""

    team_id: str
    stream: str  # printed as JSON, which names things as the columns of `ops` do
    window: str
    expected_requests: int | None
    note: str


def make_plan(
    settings: Settings, data_dir: Path, resources: Sequence[Resource], options: LoadOptions
) -> list[Step]:
    """Streams, windows and expected requests, from a few questions to each list.

    Errors: those of `check_account`; WarehouseError when another process holds the warehouse.
    """
    result = asyncio.run(check_account(settings, resources))
    if not warehouse.warehouse_path(data_dir).exists():
        lists = lists_of(resources, result.teams, result.key_team)
        read_windows = {
            (resource.name, team): ReadWindow(options.since)
            for resource, team in lists
            if resource.window and options.since
        }
        return _Planner(settings, resources, result, read_windows=read_windows).steps()
    with warehouse.connect(data_dir, read_only=True) as connection:
        read_windows = {}
        existing = warehouse.table_names(connection)
        if options.mode == "incremental" and existing:
            lists = lists_of(resources, result.teams, result.key_team)
            marks = watermarks_of(pipeline_in(data_dir, connection))
            read_windows = incremental.read_windows(
                connection, existing, lists, marks, settings, options.since
            )
        return _Planner(settings, resources, result, connection, existing, read_windows).steps()


class _Planner:
    def __init__(
        self,
        settings: Settings,
        resources: Sequence[Resource],
        result: CheckResult,
        connection: duckdb.DuckDBPyConnection | None = None,
        existing: set[str] = frozenset(),  # type: ignore[assignment]
        read_windows: ReadWindows | None = None,
    ) -> None:
        self._settings = settings
        self._resources = {resource.name: resource for resource in resources}
        self._checkup = result
        self._connection = connection
        self._existing = existing
        self._read_windows = read_windows or {}
        self._listed = {(f.team_id, self._resources[f.stream].entity): f for f in result.findings}

    def steps(self) -> list[Step]:
        team_discovery = Step(self._checkup.key_team, "teams", EVERYTHING, 1, "to find the teams")
        steps = [team_discovery] if self._settings.teams == ALL_TEAMS else []
        return steps + [self._step(found) for found in self._checkup.findings]

    def _step(self, found: ResourceCheck) -> Step:
        resource = self._resources[found.stream]
        note = found.note or ("" if found.status == "ok" else found.status)
        window = self._read_windows.get((resource.name, found.team_id), ReadWindow())
        if found.status != "ok":
            return Step(found.team_id, resource.name, EVERYTHING, 1, note)
        if resource.scope is Scope.PARENT:
            requests = self._parents(resource, found)
            return Step(found.team_id, resource.name, "every parent", requests, note)
        if window.start:
            since = f"since {window.start.astimezone(MEXICO_CITY):%Y-%m-%d}"
            if window.open_items:
                note = f"{len(window.open_items)} open items beyond it, one by one"
            return Step(
                found.team_id, resource.name, since, self._window(resource, found, window), note
            )
        if is_long(found.rows, self._settings.page_size) and resource.window:
            note = note or "in slices, where the date filter is honoured"
        return Step(found.team_id, resource.name, EVERYTHING, self._whole(resource, found), note)

    def _whole(self, resource: Resource, found: ResourceCheck) -> int | None:
        """Pages as often as the last time, or more if the API says so; and what goes with them."""
        probing = resource.paths.index(found.path) + 1 if len(resource.paths) > 1 else 0
        beside = probing + (resource.own_path is not None)
        if resource.pagination is Pagination.SINGLE:
            return 1 + beside
        pages = [math.ceil(found.rows / self._settings.page_size)] if found.rows else []
        if self._connection:
            pages += [
                rows
                for (rows,) in self._connection.execute(
                    "select pages from ops.run_streams where stream = $stream and team_id = $team "
                    "and status = 'ok' and window_start is null and run_id in "
                    "(select run_id from ops.runs where mode in ('incremental', 'full')) "
                    "order by run_id desc limit 1",
                    {"stream": resource.name, "team": found.team_id},
                ).fetchall()
            ]
        known = max(pages, default=0 if found.rows == 0 else None)
        return None if known is None else max(1, known) + beside

    def _window(self, resource: Resource, found: ResourceCheck, window: ReadWindow) -> int | None:
        """Probing the filter, the pages of the window, and the open items beyond it."""
        assert resource.window and window.start
        if not self._connection:
            return None
        names = [spelling.name for spelling in SPELLINGS[resource.window]]
        if found.date_filter in names:
            probing = names.index(found.date_filter) + 2
            pages = self._pages(resource, found, window.start)
        else:  # the walk ends with the first page that lies wholly before the window
            past = self._pages(resource, found, window.start - ORDER_MARGIN) + 1
            everything = self._pages(resource, found, None)
            probing, pages = len(names) if everything else 2, min(past, everything)
        return probing + max(1, pages) + len(window.open_items)

    def _pages(self, resource: Resource, found: ResourceCheck, start: datetime | None) -> int:
        """Pages of what the warehouse has from a moment on."""
        assert self._connection
        rows = incremental.rows_since(self._connection, resource, found.team_id, start)
        return math.ceil(rows / self._settings.page_size)

    def _parents(self, resource: Resource, found: ResourceCheck) -> int | None:
        """One request for each parent in reach, as far as the budget goes."""
        parents = next(s for s in self._resources.values() if s.entity == resource.parents)
        window = self._read_windows.get((parents.name, found.team_id), ReadWindow())
        if self._connection and parents.entity in self._existing:
            of_entity = [s for s in self._resources.values() if s.entity == resource.parents]
            rows = sum(
                incremental.rows_since(self._connection, s, found.team_id, window.start)
                for s in of_entity
            )
        else:
            listed = self._listed[found.team_id, parents.entity].rows
            if listed is None:
                return None
            rows = listed
        return min(rows, self._settings.documents_request_budget)
