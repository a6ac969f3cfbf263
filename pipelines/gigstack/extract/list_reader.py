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
from pipelines.gigstack.api.date_filters import MOMENTS, Bounds, DateFilter, honoured
from pipelines.gigstack.api.paginators import (
    Params,
    Walk,
    count_of,
    probe_path,
    records_of,
    start_params,
)
from pipelines.gigstack.api.response_log import Origin
from pipelines.gigstack.api.time_slices import cut, is_long
from pipelines.gigstack.api.timestamps import WindowWatch
from pipelines.gigstack.endpoints import Stream
from pipelines.gigstack.extract.read_window import Reading
from pipelines.gigstack.extract.stats import StreamReport


@dataclass
class ListReader:
    """One reading of one list. `asked_team` is None for the key's own; `take` gets each page."""

    client: GigstackClient
    stream: Stream
    report: StreamReport
    page_size: int
    asked_team: str | None
    started_at: datetime
    take: Callable[[bytes], Awaitable[None]]

    async def read(self, reading: Reading) -> None:
        """The list or its window, and what is open beyond it.

        Errors: what the client raises.
        """
        team = self.report.team_id
        self.report.window_start = reading.start
        self._params = start_params(self.stream, self.page_size, self.asked_team)
        self._path = await probe_path(
            self.client,
            self.stream.paths,
            lambda path: path.replace("{team}", team),
            self._params,
            self.report.meter,
        )
        if reading.start:
            await self._read_window(reading.start, reading.end)
        else:
            await self._read_whole()
        await self._read_singles(reading.open_items)
        if self.stream.own_path:
            await self._read_single(self.stream.own_path.format(team=team))

    async def _read_whole(self) -> None:
        """All of the list; a long one goes on in slices as soon as its first page has told."""
        window = self.stream.window
        async with aclosing(self._pages(self._params)) as pages:
            async for _ in pages:
                rows = self.report.api_total or 0
                if window and is_long(rows, self.page_size):
                    break
            else:
                return
        date_filter = await honoured(window, self._is_empty)
        if date_filter:
            await self._read_slices(date_filter, rows // self.page_size)
        else:
            await self._read_list(self._params)

    async def _read_window(self, start: datetime, end: datetime | None) -> None:
        """The list from a moment on, up to the end of its window where the filter takes one."""
        assert self.stream.window
        date_filter = await honoured(self.stream.window, self._is_empty)
        if date_filter:
            await self._read_list(self._params | date_filter.bounds(start, end))
            return
        watch = WindowWatch(start)
        async with aclosing(self._pages(self._params)) as pages:
            async for records in pages:
                if watch.is_past(records, MOMENTS[self.stream.window]):
                    return

    async def _read_slices(self, date_filter: DateFilter, pages: int) -> None:
        slices = await cut(date_filter, self._is_empty, self.started_at, pages)
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
        report = self.report
        walk = Walk(self.stream, report.team_id, self._path, params, report.meter)
        async with aclosing(walk.records(self.client)) as pages:
            async for records in pages:
                report.pages += 1
                report.api_total = walk.api_total
                await self.take(records)
                yield records
        report.is_shifted |= walk.has_shifted
        if walk.is_truncated:
            report.status = "failed"
            report.error = "the API says there is more, and gives no cursor to it"

    async def _read_singles(self, open_items: Sequence[str]) -> None:
        """What is open beyond the window, one by one."""
        paths = [str(self.stream.single_path).format(id=item) for item in open_items]
        await asyncio.gather(*map(self._read_single, paths))

    async def _read_single(self, path: str) -> None:
        """One object; it may have been deleted since it was listed."""
        params: Params = {"team": self.asked_team} if self.asked_team else {}
        origin = Origin(self.stream.name, self.report.team_id, None)
        try:
            answer = await self.client.get(path, params, self.report.meter, origin)
        except UnavailableError as error:
            if error.status != 404:
                raise
        else:
            await self.take(records_of(answer, self.stream))

    async def _is_empty(self, bounds: Bounds) -> bool:
        """Whether nothing answers to these bounds."""
        params = self._params | {"limit": 1} | bounds
        answer = await self.client.get(self._path, params, self.report.meter)
        return not count_of(answer, self.stream)
