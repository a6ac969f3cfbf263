"""Reads one list of one team: everything (a long list in slices), the window of a run, or what
changed since the last one.

An account may not honour the filter on dates. The window is then read from the top of the list, and
reading stops safely past its start. API: https://docs.gigstack.io
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from pipelines.foundation.errors import UnavailableError, first_cause
from pipelines.gigstack.api.change_filters import ChangeFilters
from pipelines.gigstack.api.client import GigstackClient
from pipelines.gigstack.api.date_filters import (
    NOT_HONOURED,
    TIME_FIELDS,
    Bounds,
    DateFilter,
    DateFilters,
    FirstPage,
    IsEmpty,
)
from pipelines.gigstack.api.first_page import (
    Params,
    probe_path,
    show_first_page,
    start_params,
)
from pipelines.gigstack.api.paginators import Paginator
from pipelines.gigstack.api.paths import fill_path
from pipelines.gigstack.api.records import count_records, object_of, records_of
from pipelines.gigstack.api.repeats import ids_in
from pipelines.gigstack.api.response_log import Origin
from pipelines.gigstack.api.time_slices import is_long, split_range
from pipelines.gigstack.api.timestamps import WindowEndDetector
from pipelines.gigstack.endpoint_types import Resource, WindowField
from pipelines.gigstack.extract.documents import ids_of
from pipelines.gigstack.extract.own_lists import OwnLists
from pipelines.gigstack.extract.read_window import ReadWindow
from pipelines.gigstack.extract.stats import ResourceStats

MAX_WALKS = 3  # of a list that changes while it is read


@dataclass(frozen=True)
class _ListRequest:
    """The path of a list, and the parameters of its first page."""

    path: str
    params: Params
    is_filtered: bool = False

    def bounded(self, bounds: Bounds) -> "_ListRequest":
        return _ListRequest(self.path, self.params | bounds, is_filtered=bool(bounds))


@dataclass(frozen=True)
class ListReader:
    """Reads one list. `team_param` is None for the key's own team; `on_page` gets each page."""

    client: GigstackClient
    resource: Resource
    stats: ResourceStats
    page_size: int
    team_param: str | None
    started_at: datetime
    on_page: Callable[[bytes], Awaitable[None]]
    date_filters: DateFilters
    change_filters: ChangeFilters | None = None  # where it is enough to read what changed
    own_lists: OwnLists | None = None  # for the lists of other teams than the key's own
    reads_singles: bool = False  # each listed object is also requested alone
    listed: set[str] = field(default_factory=set)  # ids, where the list may leave out the own one

    async def read(self, window: ReadWindow) -> None:
        """Read the list or a window of it, and the open items outside the window.

        Raises:
            ApiError: Whatever the client raises.
        """
        self.stats.window_start = window.start
        request = await self._find_list()
        if window.changed_since and (changed := await self._change_filter(request)):
            self.stats.window_start = window.changed_since
            await self._read_pages(request.bounded(changed.bounds(window.changed_since)))
            return
        if window.start and self.resource.window:
            await self._read_window(request, self.resource.window, window.start, window.end)
        else:
            await self._read_whole(request)
        await self._read_open_items(window.open_items)
        if self.resource.own_path:
            await self._read_own_object(self.resource.own_path)

    async def _find_list(self) -> _ListRequest:
        params = start_params(self.resource, self.page_size, self.team_param)
        path = await probe_path(
            self.client,
            self.resource,
            lambda path: fill_path(path, team=self.stats.team_id),
            params,
            self.stats.request_stats,
        )
        return _ListRequest(path, params)

    async def _read_whole(self, request: _ListRequest) -> None:
        """Read the whole list, in slices if the first page shows that it is long."""
        field = self.resource.window
        async with aclosing(self._pages(request)) as pages:
            async for _ in pages:
                rows = self.stats.api_total or 0
                if field and is_long(rows, self.page_size):
                    break
            else:
                return
        is_empty = partial(self._is_empty, request)
        date_filter = await self._date_filter(request)
        if date_filter:
            await self._read_slices(request, date_filter, is_empty, rows // self.page_size)
            await self._read_newest_again(request)
        else:
            await self._read_pages(request)

    async def _read_window(
        self, request: _ListRequest, field: WindowField, start: datetime, end: datetime | None
    ) -> None:
        """Read the list from `start`, and up to `end` where the account honours the filter."""
        date_filter = await self._date_filter(request)
        if date_filter:
            await self._read_pages(request.bounded(date_filter.bounds(start, end)))
            return
        window_end = WindowEndDetector(start)
        async with aclosing(self._pages(request)) as pages:
            async for records in pages:
                if window_end.is_past(records, TIME_FIELDS[field]):
                    return

    async def _read_slices(
        self, request: _ListRequest, date_filter: DateFilter, is_empty: IsEmpty, pages: int
    ) -> None:
        slices = await split_range(date_filter, is_empty, self.started_at, pages)
        try:
            async with asyncio.TaskGroup() as tasks:
                for since, until in slices:
                    bounds = date_filter.bounds(since, until)
                    tasks.create_task(self._read_pages(request.bounded(bounds)))
        except BaseExceptionGroup as errors:  # callers handle an ApiError, not a group of them
            raise first_cause(errors) from errors

    async def _read_pages(self, request: _ListRequest) -> None:
        async with aclosing(self._pages(request)) as pages:
            async for _ in pages:
                pass

    async def _pages(self, request: _ListRequest) -> AsyncGenerator[bytes, None]:
        """Every page, counted and passed to `on_page`. A list that seems to have changed while it
        was read is read again. Whether a whole list is whole is then seen by all that came of
        it (see `fail_incomplete_lists`).
        """
        for walk in range(MAX_WALKS):
            paginator = self._paginator(request, is_again=walk > 0)
            async with aclosing(self._walk(paginator, request)) as pages:
                async for records in pages:
                    yield records
            if not paginator.has_moved:
                break
        self.stats.is_shifted |= paginator.has_moved
        is_final = bool(self.resource.own_path or self.stats.window_start)
        if problem := paginator.doubt if is_final else paginator.problem:
            self.stats.fail(problem)

    def _paginator(self, request: _ListRequest, *, is_again: bool = False) -> Paginator:
        return Paginator(
            self.resource,
            self.stats.team_id,
            request.path,
            request.params,
            self.stats.request_stats,
            is_filtered=request.is_filtered,
            is_again=is_again,
        )

    async def _read_newest_again(self, request: _ListRequest) -> None:
        """Read the first page of a list that was read in slices once more: with what was created
        meanwhile, no fewer records have come than the API counted before or counts now.
        """
        before = self.stats.needed_total
        paginator = self._paginator(request, is_again=True)
        async with aclosing(self._walk(paginator, request)) as pages:
            async for _ in pages:
                break
        totals = [total for total in (before, self.stats.needed_total) if total is not None]
        self.stats.needed_total = min(totals, default=None)

    async def _walk(
        self, paginator: Paginator, request: _ListRequest
    ) -> AsyncGenerator[bytes, None]:
        stats = self.stats
        async with aclosing(paginator.records(self.client)) as pages:
            async for records in pages:
                stats.pages += 1
                stats.api_total = paginator.api_total
                if paginator.pages == 1:
                    await self._check_team(request, records)
                if not request.is_filtered:
                    stats.needed_total = paginator.needed_total
                if self.resource.own_path:
                    self.listed.update(ids_in(records))
                await (self._read_singles if self.reads_singles else self.on_page)(records)
                yield records

    async def _read_open_items(self, open_items: Sequence[str]) -> None:
        paths = [fill_path(str(self.resource.single_path), id=item) for item in open_items]
        await asyncio.gather(*map(self._read_object, paths))

    async def _read_singles(self, records: bytes) -> None:
        """Read every object of a page alone, since its list carries less."""
        ids = ids_of(records)
        if len(ids) < len(ids_in(records)):
            self.stats.fail("some records have no id, by which to read them alone")
        await self._read_open_items(ids)

    async def _read_own_object(self, path: str) -> None:
        """Read the key's own team, which the list may leave out; it must be in one or the other."""
        team = self.stats.team_id
        if not await self._read_object(fill_path(path, team=team)) and team not in self.listed:
            self.stats.fail(f"{team} is neither listed nor found by its id")

    async def _read_object(self, path: str) -> bool:
        """Read one object; returns False if it was deleted since it was listed."""
        params: Params = {"team": self.team_param} if self.team_param else {}
        origin = Origin(self.resource.name, self.stats.team_id, None)
        try:
            answer = await self.client.get(path, params, self.stats.request_stats, origin)
        except UnavailableError as error:
            if error.status != 404:
                raise
            return False
        await self.on_page(object_of(answer, self.resource))
        return True

    async def _check_team(self, request: _ListRequest, records: bytes) -> None:
        """Refuse the list of the key's own team, where records do not say their team.

        Raises:
            ApiError: The first page is that of the key's own list.
        """
        if not self.own_lists or not self.resource.is_silent_on_team:
            return

        async def own_ids() -> Sequence[str]:
            params = {name: value for name, value in request.params.items() if name != "team"}
            answer = await self.client.get(request.path, params, self.stats.request_stats)
            return ids_in(records_of(answer, self.resource))

        await self.own_lists.refuse(self.resource, ids_in(records), own_ids)

    async def _date_filter(self, request: _ListRequest) -> DateFilter | None:
        """The filter that the list honours; its name is noted."""
        found = await self.date_filters.of(self.resource, partial(self._first_page, request))
        self.stats.date_filter = found.name if found else NOT_HONOURED
        return found

    async def _change_filter(self, request: _ListRequest) -> DateFilter | None:
        """The filter on changes, if the account is known to have one and the list honours it."""
        if not self.change_filters:
            return None
        found = await self.change_filters.of(self.resource, partial(self._first_page, request))
        self.stats.date_filter = found.name if found else None
        return found

    async def _first_page(self, request: _ListRequest, bounds: Bounds) -> FirstPage:
        """What the first page within these bounds shows."""
        return await show_first_page(
            self.client,
            self.resource,
            request.path,
            request.params,
            bounds,
            self.stats.request_stats,
        )

    async def _is_empty(self, request: _ListRequest, bounds: Bounds) -> bool:
        """Whether the list has no records within these bounds."""
        params = request.params | {"limit": 1} | bounds
        answer = await self.client.get(request.path, params, self.stats.request_stats)
        return not count_records(answer, self.resource)
