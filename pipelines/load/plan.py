"""Plans a load without doing it: `load --dry-run`. Changes no state.

The number of pages comes from the warehouse where it has loaded the list before, and else from
what the API says about the list.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines import warehouse
from pipelines.foundation.time_zone import MEXICO_CITY
from pipelines.foundation.wording import plural
from pipelines.gigstack.api.date_filters import NOT_HONOURED, SPELLINGS
from pipelines.gigstack.api.findings import read_findings
from pipelines.gigstack.api.teams import ALL_TEAMS
from pipelines.gigstack.api.time_slices import is_long
from pipelines.gigstack.api.timestamps import ORDER_MARGIN
from pipelines.gigstack.check.account import CheckResult, check_account
from pipelines.gigstack.check.resource import EMPTY, ResourceCheck
from pipelines.gigstack.endpoint_types import Pagination, Resource, Scope
from pipelines.gigstack.extract.read_window import ReadWindow, ReadWindows
from pipelines.gigstack.extract.runner import lists_of
from pipelines.gigstack.settings import Settings
from pipelines.load.dlt_loader import open_loader
from pipelines.load.incremental import WindowPlanner, rows_since
from pipelines.load.run import LoadOptions
from pipelines.warehouse.run_log import pages_of_last_complete_read

EVERYTHING = "all"


@dataclass(frozen=True)
class Step:
    """One resource of one team. `expected_requests` is None when the length is unknown."""

    team_id: str
    stream: str  # printed as JSON, which names things as the columns of `ops` do
    window: str
    expected_requests: int | None
    note: str


def make_plan(
    settings: Settings, data_dir: Path, resources: Sequence[Resource], options: LoadOptions
) -> list[Step]:
    """Resources, windows and expected requests, from a few requests to each list.

    Raises:
        AuthenticationError: The API rejects the key.
        ConfigurationError: The key does not name its team, and no team is configured.
        NothingReadError: No resource can be read.
        WarehouseError: Another process holds the warehouse.
    """
    account = asyncio.run(check_account(settings, resources))
    lists = lists_of(resources, account.teams, account.key_team)
    if not warehouse.warehouse_path(data_dir).exists():
        windows = {
            (resource.name, team): ReadWindow(options.since)
            for resource, team in lists
            if resource.window and options.since
        }
        return _Planner(settings, resources, account, windows).steps()
    with warehouse.connect(data_dir, read_only=True) as connection:
        windows = {}
        existing = warehouse.table_names(connection)
        if options.mode == "incremental" and existing:
            watermarks = open_loader(data_dir, connection).read_watermarks()
            planner = WindowPlanner(connection, existing, watermarks, settings)
            windows = planner.windows(lists, options.since)
        loaded = _Loaded(connection, existing)
        known = read_findings(data_dir, settings.base_url).date_filters
        return _Planner(settings, resources, account, windows, loaded, known).steps()


@dataclass(frozen=True)
class _Loaded:
    """The warehouse, where there is one. `tables` names its tables."""

    connection: duckdb.DuckDBPyConnection
    tables: set[str]


@dataclass(frozen=True)
class _Planner:
    settings: Settings
    resources: Sequence[Resource]
    account: CheckResult
    windows: ReadWindows = field(default_factory=dict)
    loaded: _Loaded | None = None
    known_filters: Mapping[str, str] = field(default_factory=dict)  # by resource

    def steps(self) -> list[Step]:
        discovery = Step(self.account.key_team, "teams", EVERYTHING, 1, "to find the teams")
        steps = [discovery] if self.settings.teams == ALL_TEAMS else []
        return steps + [self._step(check) for check in self.account.findings]

    def _step(self, check: ResourceCheck) -> Step:
        resource = self._resource(check)
        window = self._window(resource, check)
        if check.status != "ok":
            note = check.note or check.status
            return Step(check.team_id, resource.name, EVERYTHING, 1, note)
        if resource.scope is Scope.PARENT:
            requests = self._document_requests(resource, check)
            return Step(check.team_id, resource.name, "every parent", requests, check.note)
        if window.start:
            return self._window_step(resource, check, window, window.start)
        requests = self._list_requests(resource, check)
        return Step(check.team_id, resource.name, EVERYTHING, requests, self._note(resource, check))

    def _resource(self, check: ResourceCheck) -> Resource:
        return next(resource for resource in self.resources if resource.name == check.stream)

    def _window(self, resource: Resource, check: ResourceCheck) -> ReadWindow:
        return self.windows.get((resource.name, check.team_id), ReadWindow())

    def _note(self, resource: Resource, check: ResourceCheck) -> str:
        is_sliced = resource.window and is_long(check.rows, self.settings.page_size)
        return check.note or ("in slices, if the date filter works" if is_sliced else "")

    def _window_step(
        self, resource: Resource, check: ResourceCheck, window: ReadWindow, start: datetime
    ) -> Step:
        note = check.note
        if check.change_filter and window.changed_since:
            since = f"changed since {window.changed_since.astimezone(MEXICO_CITY):%Y-%m-%d}"
            return Step(check.team_id, resource.name, since, None, note)
        if window.open_items:
            note = f"{plural(len(window.open_items), 'older open item')}, one request each"
        since = f"since {start.astimezone(MEXICO_CITY):%Y-%m-%d}"
        requests = self._window_requests(resource, check, start)
        if requests is not None:
            requests += len(window.open_items) + self._own_list_requests(resource, check)
        return Step(check.team_id, resource.name, since, requests, note)

    def _list_requests(self, resource: Resource, check: ResourceCheck) -> int | None:
        """As many pages as the last time, or more if the API says so; probes and the own object."""
        probes = resource.paths.index(check.path) + 1 if len(resource.paths) > 1 else 0
        extra = probes + (resource.own_path is not None) + self._own_list_requests(resource, check)
        if resource.pagination is Pagination.SINGLE:
            return 1 + extra
        pages = [math.ceil(check.rows / self.settings.page_size)] if check.rows else []
        if self.loaded:
            last = pages_of_last_complete_read(self.loaded.connection, resource, check.team_id)
            pages += [] if last is None else [last]
        known = max(pages, default=0 if check.rows == 0 else None)
        return None if known is None else max(1, known) + extra

    def _window_requests(
        self, resource: Resource, check: ResourceCheck, start: datetime
    ) -> int | None:
        """Probes of the date filter, and the pages of the window."""
        assert resource.window
        if not self.loaded:
            return None
        if check.date_filter in (NOT_HONOURED, EMPTY):
            # reading ends with the first page that lies completely before the window
            until_past = self._pages(self.loaded, resource, check, start - ORDER_MARGIN) + 1
            pages = min(until_past, self._pages(self.loaded, resource, check, None))
        else:
            pages = self._pages(self.loaded, resource, check, start)
        return self._proof_requests(resource, check) + max(1, pages)

    def _proof_requests(self, resource: Resource, check: ResourceCheck) -> int:
        """What proving the date filter takes; it is proven once, with the first list with rows."""
        assert resource.window
        same = [c for c in self.account.findings if c.stream == check.stream]
        first = next((number for number, c in enumerate(same) if c.rows), len(same))
        if same.index(check) != first:  # an empty list proves nothing
            return 1 if same.index(check) < first else 0
        names = [spelling.name for spelling in SPELLINGS[resource.window]]
        names.sort(key=lambda name: name != self.known_filters.get(resource.name))
        tried = names.index(check.date_filter) + 2 if check.date_filter in names else len(names)
        return 1 + tried

    def _own_list_requests(self, resource: Resource, check: ResourceCheck) -> int:
        """One for the key's own list, from which the first list of another team must differ."""
        others = [
            c
            for c in self.account.findings
            if c.stream == check.stream and c.rows and c.team_id != self.account.key_team
        ]
        return int(resource.is_silent_on_team and check in others[:1])

    def _pages(
        self, loaded: _Loaded, resource: Resource, check: ResourceCheck, start: datetime | None
    ) -> int:
        """Pages that the rows in the warehouse fill, from a moment on."""
        rows = rows_since(loaded.connection, resource, check.team_id, start)
        return math.ceil(rows / self.settings.page_size)

    def _document_requests(self, resource: Resource, check: ResourceCheck) -> int | None:
        """One request for each parent that is read, within the budget."""
        parents = [r for r in self.resources if r.entity == resource.parents]
        rows = self._parent_rows(parents, check)
        return None if rows is None else min(rows, self.settings.documents_request_budget)

    def _parent_rows(self, parents: list[Resource], check: ResourceCheck) -> int | None:
        if self.loaded and parents[0].entity in self.loaded.tables:
            start = self._window(parents[0], check).start
            connection = self.loaded.connection
            return sum(rows_since(connection, r, check.team_id, start) for r in parents)
        last = [
            other
            for other in self.account.findings
            if other.team_id == check.team_id and self._resource(other).entity == parents[0].entity
        ][-1]
        return last.rows
