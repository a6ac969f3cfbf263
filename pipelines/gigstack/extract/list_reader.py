"""Reads one list of one team: all of it, in slices where it is long, or the window a run is about.

An account may not honour the filter on dates. Then a window is read from the top of the list, and
the reading stops when it is safely past it.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from pipelines.foundation.errors import UnavailableError, first_cause
from pipelines.gigstack.api.client import GigstackClient
from pipelines.gigstack.api.date_filters import TIME_FIELDS, Bounds, DateFilter, detect_date_filter
from pipelines.gigstack.api.paginators import (
    Paginator,
    Params,
    probe_path,
    start_params,
)
from pipelines.gigstack.api.records import count_records, records_of
from pipelines.gigstack.api.response_log import Origin
from pipelines.gigstack.api.time_slices import is_long, split_range
from pipelines.gigstack.api.timestamps import WindowEndDetector
from pipelines.gigstack.endpoints import Resource
from pipelines.gigstack.extract.read_window import ReadWindow
from pipelines.gigstack.extract.stats import ResourceStats


@dataclass
class ListReader:
    """One reading of one list. `asked_team` is None for the key's own; `take` gets each page."""

    client: GigstackClient
    resource: Resource
    stats: ResourceStats
    page_size: int
    asked_team: str | None
    started_at: datetime
    take: Callable[[bytes], Awaitable[None]]

    async def read(self, window: ReadWindow) -> None:
        """The list or its window, and what is open beyond it.

        Errors: what the client raises.
        """
        team = self.stats.team_id
        self.stats.window_start = window.start
        self._params = start_params(self.resource, self.page_size, self.asked_team)
        self._path = await probe_path(
            self.client,
            self.resource.paths,
            lambda path: path.replace("{team}", team),
            self._params,
            self.stats.request_stats,
        )
        if window.start:
            await self._read_window(window.start, window.end)
        else:
            await self._read_whole()
        await self._read_singles(window.open_items)
        if self.resource.own_path:
            await self._read_single(self.resource.own_path.format(team=team))

    async def _read_whole(self) -> None:
        """All of the list; a long one goes on in slices as soon as its first page has told."""
        window = self.resource.window
        async with aclosing(self._pages(self._params)) as pages:
            async for _ in pages:
                rows = self.stats.api_total or 0
                if window and is_long(rows, self.page_size):
                    break
            else:
                return
        date_filter = await detect_date_filter(window, self._is_empty)
        if date_filter:
            await self._read_slices(date_filter, rows // self.page_size)
        else:
            await self._read_list(self._params)

    async def _read_window(self, start: datetime, end: datetime | None) -> None:
        """The list from a moment on, up to the end of its window where the filter takes one."""
        assert self.resource.window
        date_filter = await detect_date_filter(self.resource.window, self._is_empty)
        if date_filter:
            await self._read_list(self._params | date_filter.bounds(start, end))
            return
        on_progress = WindowEndDetector(start)
        async with aclosing(self._pages(self._params)) as pages:
            async for records in pages:
                if on_progress.is_past(records, TIME_FIELDS[self.resource.window]):
                    return

    async def _read_slices(self, date_filter: DateFilter, pages: int) -> None:
        slices = await split_range(date_filter, self._is_empty, self.started_at, pages)
        try:
            async with asyncio.TaskGroup() as tasks:
                for since, until in slices:
                    bounds = date_filter.bounds(since, until)
                    tasks.create_task(self._read_list(self._params | bounds))
        except BaseExceptionGroup as errors:  # a group would pass by all who wait for an ApiError
            raise first_cause(errors) from errors

    async def _read_list(self, params: Params) -> None:
        async with aclosing(self._pages(params)) as pages:
            async for _ in pages:
                pass

    async def _pages(self, params: Params) -> AsyncGenerator[bytes, None]:
        """Every page, taken."""
        stats = self.stats
        paginator = Paginator(self.resource, stats.team_id, self._path, params, stats.request_stats)
        async with aclosing(paginator.records(self.client)) as pages:
            async for records in pages:
                stats.pages += 1
                stats.api_total = paginator.api_total
                await self.take(records)
                yield records
        stats.is_shifted |= paginator.has_shifted
        if paginator.is_truncated:
            stats.status = "failed"
            stats.error = "the API says there is more, and gives no cursor to it"

    async def _read_singles(self, open_items: Sequence[str]) -> None:
        """What is open beyond the window, one by one."""
        paths = [str(self.resource.single_path).format(id=item) for item in open_items]
        await asyncio.gather(*map(self._read_single, paths))

    async def _read_single(self, path: str) -> None:
        """One object; it may have been deleted since it was listed."""
        params: Params = {"team": self.asked_team} if self.asked_team else {}
        origin = Origin(self.resource.name, self.stats.team_id, None)
        try:
            answer = await self.client.get(path, params, self.stats.request_stats, origin)
        except UnavailableError as error:
            if error.status != 404:
                raise
        else:
            await self.take(records_of(answer, self.resource))

    async def _is_empty(self, bounds: Bounds) -> bool:
        """Whether nothing answers to these bounds."""
        params = self._params | {"limit": 1} | bounds
        answer = await self.client.get(self._path, params, self.stats.request_stats)
        return not count_records(answer, self.resource)
