"""Walks a list to its end, whatever way it is paged."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from pipelines.foundation.errors import ApiError, StuckCursorError, UnavailableError
from pipelines.gigstack.api.client import Envelope, GigstackClient, RequestStats
from pipelines.gigstack.api.response_log import Origin
from pipelines.gigstack.endpoints import Pagination, Resource
from pipelines.gigstack.normalize.drift import split_records

MAX_EMPTY_PAGE_BYTES = 2000  # bytes; a hundred nulls, widely spaced
EMPTY_PAGES_IN_A_ROW = 100  # more, and a list is taken to go on for ever

Params = dict[str, str | int]
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass
class Paginator:
    """One list read from the start: what it cost and whether its end can be trusted."""

    resource: Resource
    team_id: str
    path: str
    params: Params
    request_stats: RequestStats
    parent_id: str | None = None
    pages: int = 0
    api_total: int | None = None
    is_truncated: bool = False  # the API said there is more, and not where
    has_shifted: bool = False  # numbered pages, and the total changed while they were read

    async def records(self, client: GigstackClient) -> AsyncGenerator[bytes, None]:
        """The records of each page, as a JSON array; the next page is asked for meanwhile.

        Errors: what the client raises; StuckCursorError after the page that repeats itself.
        """
        guard = _Guard(self.path, self.resource.pagination)
        params: Params | None = self.params
        origin = Origin(self.resource.name, self.team_id, self.parent_id)
        envelope = await client.get(self.path, self.params, self.request_stats, origin)
        while params is not None:
            self.pages += 1
            self.has_shifted |= self._shifts(envelope)
            self.api_total = _first_known(envelope, self.api_total)
            records = records_of(envelope, self.resource)
            params = self._following(envelope, params, is_empty=_is_empty(records))
            stuck = guard.look_at(envelope, records) if params else None
            if params is None:
                yield records
            elif stuck:
                yield records
                raise stuck
            else:
                async with _asking(
                    client.get(self.path, params, self.request_stats, origin)
                ) as answer:
                    yield records
                    envelope = await answer

    def _shifts(self, envelope: Envelope) -> bool:
        is_numbered = self.resource.pagination is Pagination.PAGE
        return is_numbered and self.pages > 1 and envelope.total != self.api_total

    def _following(self, envelope: Envelope, params: Params, *, is_empty: bool) -> Params | None:
        """The parameters of the next page, or None at the end."""
        if self.resource.pagination is Pagination.PAGE:
            return _next_page(envelope, params, is_empty=is_empty)
        cursor = _cursor_of(envelope)
        if envelope.has_more is False:
            return None
        if not cursor:
            self.is_truncated = bool(envelope.has_more)
            return None
        name = Pagination.CURSOR.value if envelope.next_cursor else _cursor_parameter(self.resource)
        return {**self.params, name: cursor}


@asynccontextmanager
async def _asking(request: Coroutine[Any, Any, Envelope]) -> AsyncIterator[asyncio.Task[Envelope]]:
    """Ask while something else goes on; nothing is left under way afterwards."""
    answer = asyncio.create_task(request)
    try:
        yield answer
    finally:
        answer.cancel()
        await asyncio.gather(answer, return_exceptions=True)


class _Guard:
    """Notices a list that would never end."""

    def __init__(self, path: str, pagination: Pagination) -> None:
        self._path = path
        self._is_numbered = pagination is Pagination.PAGE
        self._cursors: set[str] = set()
        self._empty_pages = 0
        self._previous = b""

    def look_at(self, envelope: Envelope, records: bytes) -> StuckCursorError | None:
        """The error to raise when a page that others shall follow repeats what was there."""
        cursor = _cursor_of(envelope)
        self._empty_pages = self._empty_pages + 1 if _is_empty(records) else 0
        is_repeated = cursor in self._cursors or self._empty_pages > EMPTY_PAGES_IN_A_ROW
        is_same = self._is_numbered and records == self._previous
        self._previous = records
        if cursor and is_repeated:
            return StuckCursorError(f"GET {self._path}: the list repeats itself at {cursor!r}")
        if is_same:
            return StuckCursorError(f"GET {self._path}: every page is the same")
        self._cursors.add(cursor or "")
        return None


def _is_empty(records: bytes) -> bool:
    """Whether an array, however it is spaced, holds nothing or nothing but nulls."""
    return len(records) < MAX_EMPTY_PAGE_BYTES and not records.translate(None, b"[]nul, \t\r\n")


def _next_page(envelope: Envelope, params: Params, *, is_empty: bool) -> Params | None:
    page, limit = int(params.get("page", 1)), envelope.limit or int(params["limit"])
    if is_empty or (envelope.total is not None and page * limit >= envelope.total):
        return None
    return {**params, "page": page + 1}


def _cursor_of(envelope: Envelope) -> str | None:
    return envelope.next_cursor or envelope.next or None


def _cursor_parameter(resource: Resource) -> str:
    is_sat = resource.pagination is Pagination.STARTING_AFTER
    return Pagination.STARTING_AFTER.value if is_sat else Pagination.NEXT.value


def _first_known(envelope: Envelope, known: int | None) -> int | None:
    for total in (known, envelope.total_results, envelope.total_count, envelope.total):
        if total is not None:
            return total
    return None


def records_of(envelope: Envelope, resource: Resource) -> bytes:
    """The array of records, wherever the answer keeps it; an object of objects becomes one."""
    data = bytes(envelope.data)
    if data[:1] == b"{" and resource.list_at:
        data = bytes(_members.decode(data).get(resource.list_at, b"[]"))
    if data[:1] == b"{" and resource.map_key:
        return _rows_of_map(data, resource.map_key)
    if data[:1] == b"{":  # some lists sit one level deeper, at data.data
        data = bytes(_members.decode(data).get("data", b"[" + data + b"]"))
    if data == b"null":
        return b"[]"
    if data[:1] != b"[":
        raise ApiError(f"{resource.name}: expected a list, found {data[:40]!r}")
    return data


def count_of(envelope: Envelope, resource: Resource) -> int:
    """How many records an answer holds."""
    return sum(bytes(raw) != b"null" for raw in split_records(records_of(envelope, resource)))


def _rows_of_map(data: bytes, key: str) -> bytes:
    """`{"stripe": {"completed": true}}` as `[{"provider": "stripe", "value": {…}}]`."""
    rows = (
        msgspec.json.encode({key: name})[:-1] + b',"value":' + bytes(value) + b"}"
        for name, value in _members.decode(data).items()
    )
    return b"[" + b",".join(rows) + b"]"


def start_params(resource: Resource, page_size: int, team: str | None) -> Params:
    """What every request of a list carries; single-shot lists take no limit."""
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
    """The first of the candidate paths that answers.

    Errors: UnavailableError of the last candidate when none does.
    """
    if len(paths) == 1:
        return fill(paths[0])
    refused: UnavailableError | None = None
    for path in map(fill, paths):
        try:
            await client.get(path, {**params, "limit": 1}, request_stats)
        except UnavailableError as error:
            refused = error
        else:
            return path
    raise refused or UnavailableError("no path to probe")
