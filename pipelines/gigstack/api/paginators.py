"""Reads a list page by page to its end, however the API pages it. API: https://docs.gigstack.io"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pipelines.foundation.errors import StuckCursorError, UnavailableError
from pipelines.gigstack.api.client import Envelope, GigstackClient, RequestStats
from pipelines.gigstack.api.records import records_of
from pipelines.gigstack.api.response_log import Origin
from pipelines.gigstack.endpoint_types import Pagination, Resource

MAX_EMPTY_PAGE_BYTES = 2000  # a hundred nulls, widely spaced
MAX_EMPTY_PAGES_IN_A_ROW = 100  # with more, a list is assumed never to end

Params = dict[str, str | int]


@dataclass
class Paginator:
    """Reads one list from its start; knows what that cost and whether the end can be trusted."""

    resource: Resource
    team_id: str
    path: str
    params: Params
    request_stats: RequestStats
    parent_id: str | None = None
    pages: int = 0
    api_total: int | None = None
    is_truncated: bool = False  # the API said that there is more, but not where
    has_shifted: bool = False  # numbered pages, and the total changed while they were read

    async def records(self, client: GigstackClient) -> AsyncGenerator[bytes, None]:
        """The records of each page, as a JSON array; the next page is fetched meanwhile.

        Raises:
            StuckCursorError: The list repeats itself; raised after the page that shows it.
            ApiError: Whatever the client raises.
        """
        loop_detector = _LoopDetector(self.path, self.resource.pagination)
        params: Params | None = self.params
        origin = Origin(self.resource.name, self.team_id, self.parent_id)
        envelope = await client.get(self.path, self.params, self.request_stats, origin)
        while params is not None:
            self.pages += 1
            self.has_shifted |= self._is_shifted(envelope)
            self.api_total = _first_total(envelope, self.api_total)
            records = records_of(envelope, self.resource)
            params = self._next_params(envelope, params, is_empty=_is_empty(records))
            error = loop_detector.check(envelope, records) if params else None
            if params is None:
                yield records
            elif error:
                yield records
                raise error
            else:
                request = client.get(self.path, params, self.request_stats, origin)
                async with _in_background(request) as answer:
                    yield records
                    envelope = await answer

    def _is_shifted(self, envelope: Envelope) -> bool:
        is_numbered = self.resource.pagination is Pagination.PAGE
        return is_numbered and self.pages > 1 and envelope.total != self.api_total

    def _next_params(self, envelope: Envelope, params: Params, *, is_empty: bool) -> Params | None:
        """The parameters of the next page, or None at the end."""
        if self.resource.pagination is Pagination.PAGE:
            return _next_page_params(envelope, params, is_empty=is_empty)
        cursor = _cursor_of(envelope)
        if envelope.has_more is False:
            return None
        if not cursor:
            self.is_truncated = bool(envelope.has_more)
            return None
        name = Pagination.CURSOR.value if envelope.next_cursor else _cursor_parameter(self.resource)
        return {**self.params, name: cursor}


@asynccontextmanager
async def _in_background(
    request: Coroutine[Any, Any, Envelope],
) -> AsyncIterator[asyncio.Task[Envelope]]:
    """Run a request while the block runs; cancel it if it is still running afterwards."""
    answer = asyncio.create_task(request)
    try:
        yield answer
    finally:
        answer.cancel()
        await asyncio.gather(answer, return_exceptions=True)


class _LoopDetector:
    """Detects a list that would never end."""

    def __init__(self, path: str, pagination: Pagination) -> None:
        self._path = path
        self._is_numbered = pagination is Pagination.PAGE
        self._cursors: set[str] = set()
        self._empty_pages = 0
        self._previous = b""

    def check(self, envelope: Envelope, records: bytes) -> StuckCursorError | None:
        """The error to raise if a page that is not the last repeats what came before it."""
        cursor = _cursor_of(envelope)
        self._empty_pages = self._empty_pages + 1 if _is_empty(records) else 0
        is_repeated = cursor in self._cursors or self._empty_pages > MAX_EMPTY_PAGES_IN_A_ROW
        is_same = self._is_numbered and records == self._previous
        self._previous = records
        if cursor and is_repeated:
            return StuckCursorError(f"GET {self._path}: the list repeats itself at {cursor!r}")
        if is_same:
            return StuckCursorError(f"GET {self._path}: every page is the same")
        self._cursors.add(cursor or "")
        return None


def _is_empty(records: bytes) -> bool:
    """Whether an array, however it is spaced, holds nothing or only nulls."""
    return len(records) < MAX_EMPTY_PAGE_BYTES and not records.translate(None, b"[]nul, \t\r\n")


def _next_page_params(envelope: Envelope, params: Params, *, is_empty: bool) -> Params | None:
    page, limit = int(params.get("page", 1)), envelope.limit or int(params["limit"])
    if is_empty or (envelope.total is not None and page * limit >= envelope.total):
        return None
    return {**params, "page": page + 1}


def _cursor_of(envelope: Envelope) -> str | None:
    return envelope.next_cursor or envelope.next or None


def _cursor_parameter(resource: Resource) -> str:
    is_sat = resource.pagination is Pagination.STARTING_AFTER
    return Pagination.STARTING_AFTER.value if is_sat else Pagination.NEXT.value


def _first_total(envelope: Envelope, earlier: int | None) -> int | None:
    """The total of an earlier page, or else the first that this page states."""
    for total in (earlier, envelope.total_results, envelope.total_count, envelope.total):
        if total is not None:
            return total
    return None


def start_params(resource: Resource, page_size: int, team: str | None) -> Params:
    """The parameters of a list's first request; unpaged lists take no limit."""
    params: Params = {} if resource.pagination is Pagination.SINGLE else {"limit": page_size}
    if resource.pagination is Pagination.PAGE:
        params["page"] = 1
    return params | ({"team": team} if team else {})


async def probe_path(
    client: GigstackClient,
    paths: tuple[str, ...],
    fill: Callable[[str], str],
    params: Params,
    request_stats: RequestStats,
) -> str:
    """The first candidate path that answers; a single candidate is not probed.

    Raises:
        UnavailableError: No candidate answers; the error is the last one's.
    """
    if len(paths) == 1:
        return fill(paths[0])
    last_error: UnavailableError | None = None
    for path in map(fill, paths):
        try:
            await client.get(path, {**params, "limit": 1}, request_stats)
        except UnavailableError as error:
            last_error = error
        else:
            return path
    raise last_error or UnavailableError("no path to probe")
