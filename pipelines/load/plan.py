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
from pipelines.gigstack.api.timestamps import MARGIN
from pipelines.gigstack.check import Checkup, Finding, check_account
from pipelines.gigstack.endpoints import Dialect, Scope, Stream
from pipelines.gigstack.extract.read_window import Reading, Readings
from pipelines.gigstack.extract.runner import lists_of
from pipelines.gigstack.settings import Settings
from pipelines.load import incremental
from pipelines.load.dlt_loader import pipeline_in, watermarks_of
from pipelines.load.run import Order

EVERYTHING = "all"


@dataclass(frozen=True)
class Step:
    """One stream of one team. `expected_requests` is None where nothing tells the length."""

    team_id: str
    stream: str
    window: str
    expected_requests: int | None
    note: str


def make_plan(
    settings: Settings, data_dir: Path, streams: Sequence[Stream], order: Order
) -> list[Step]:
    """Streams, windows and expected requests, from a few questions to each list.

    Errors: those of `check_account`; WarehouseError when another process holds the warehouse.
    """
    checkup = asyncio.run(check_account(settings, streams))
    if not warehouse.warehouse_path(data_dir).exists():
        lists = lists_of(streams, checkup.teams, checkup.key_team)
        readings = {
            (stream.name, team): Reading(order.since)
            for stream, team in lists
            if stream.window and order.since
        }
        return _Planner(settings, streams, checkup, readings=readings).steps()
    with warehouse.opened(data_dir, read_only=True) as connection:
        readings = {}
        existing = warehouse.table_names(connection)
        if order.mode == "incremental" and existing:
            lists = lists_of(streams, checkup.teams, checkup.key_team)
            marks = watermarks_of(pipeline_in(data_dir, connection))
            readings = incremental.readings(
                connection, existing, lists, marks, settings, order.since
            )
        return _Planner(settings, streams, checkup, connection, existing, readings).steps()


class _Planner:
    def __init__(
        self,
        settings: Settings,
        streams: Sequence[Stream],
        checkup: Checkup,
        connection: duckdb.DuckDBPyConnection | None = None,
        existing: set[str] = frozenset(),  # type: ignore[assignment]
        readings: Readings | None = None,
    ) -> None:
        self._settings = settings
        self._streams = {stream.name: stream for stream in streams}
        self._checkup = checkup
        self._connection = connection
        self._existing = existing
        self._readings = readings or {}
        self._listed = {(f.team_id, self._streams[f.stream].entity): f for f in checkup.findings}

    def steps(self) -> list[Step]:
        finding_teams = Step(self._checkup.key_team, "teams", EVERYTHING, 1, "to find the teams")
        steps = [finding_teams] if self._settings.teams == ALL_TEAMS else []
        return steps + [self._step(found) for found in self._checkup.findings]

    def _step(self, found: Finding) -> Step:
        stream = self._streams[found.stream]
        note = found.note or ("" if found.status == "ok" else found.status)
        reading = self._readings.get((stream.name, found.team_id), Reading())
        if found.status != "ok":
            return Step(found.team_id, stream.name, EVERYTHING, 1, note)
        if stream.scope is Scope.PARENT:
            requests = self._parents(stream, found)
            return Step(found.team_id, stream.name, "every parent", requests, note)
        if reading.start:
            window = f"since {reading.start.astimezone(MEXICO_CITY):%Y-%m-%d}"
            if reading.open_items:
                note = f"{len(reading.open_items)} open items beyond it, one by one"
            return Step(
                found.team_id, stream.name, window, self._window(stream, found, reading), note
            )
        if is_long(found.rows, self._settings.page_size) and stream.window:
            note = note or "in slices, where the date filter is honoured"
        return Step(found.team_id, stream.name, EVERYTHING, self._whole(stream, found), note)

    def _whole(self, stream: Stream, found: Finding) -> int | None:
        """Pages as often as the last time, or more if the API says so; and what goes with them."""
        probing = stream.paths.index(found.path) + 1 if len(stream.paths) > 1 else 0
        beside = probing + (stream.own_path is not None)
        if stream.dialect is Dialect.SINGLE:
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
                    {"stream": stream.name, "team": found.team_id},
                ).fetchall()
            ]
        known = max(pages, default=0 if found.rows == 0 else None)
        return None if known is None else max(1, known) + beside

    def _window(self, stream: Stream, found: Finding, reading: Reading) -> int | None:
        """Probing the filter, the pages of the window, and the open items beyond it."""
        assert stream.window and reading.start
        if not self._connection:
            return None
        names = [spelling.name for spelling in SPELLINGS[stream.window]]
        if found.date_filter in names:
            probing = names.index(found.date_filter) + 2
            pages = self._pages(stream, found, reading.start)
        else:  # the walk ends with the first page that lies wholly before the window
            past = self._pages(stream, found, reading.start - MARGIN) + 1
            everything = self._pages(stream, found, None)
            probing, pages = len(names) if everything else 2, min(past, everything)
        return probing + max(1, pages) + len(reading.open_items)

    def _pages(self, stream: Stream, found: Finding, start: datetime | None) -> int:
        """Pages of what the warehouse has from a moment on."""
        assert self._connection
        rows = incremental.rows_since(self._connection, stream, found.team_id, start)
        return math.ceil(rows / self._settings.page_size)

    def _parents(self, stream: Stream, found: Finding) -> int | None:
        """One request for each parent in reach, as far as the budget goes."""
        parents = next(s for s in self._streams.values() if s.entity == stream.parents)
        reading = self._readings.get((parents.name, found.team_id), Reading())
        if self._connection and parents.entity in self._existing:
            of_entity = [s for s in self._streams.values() if s.entity == stream.parents]
            rows = sum(
                incremental.rows_since(self._connection, s, found.team_id, reading.start)
                for s in of_entity
            )
        else:
            listed = self._listed[found.team_id, parents.entity].rows
            if listed is None:
                return None
            rows = listed
        return min(rows, self._settings.documents_request_budget)
