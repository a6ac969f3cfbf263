"""Reads a list page by page to its end, however the API pages it, and says whether it is whole.

This is the one place that decides what ends a list. A list is whole if the API says that it ends,
if no page repeats another, and if no fewer records came than the total that the API states.
API: https://docs.gigstack.io
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pipelines.foundation.errors import ApiError
from pipelines.gigstack.api.client import GigstackClient, RequestStats
from pipelines.gigstack.api.envelope import Envelope
from pipelines.gigstack.api.first_page import Params, get_first_page, refuses_parameters
from pipelines.gigstack.api.records import records_of, split_records
from pipelines.gigstack.api.repeats import RepeatDetector, ids_in, is_empty
from pipelines.gigstack.api.response_log import Origin
from pipelines.gigstack.endpoint_types import Pagination, Resource

SMALLEST_PAGE_SIZE = 10  # an API that ignores `limit` sends so many, or a multiple
CURSOR_PARAMETERS = ("next", "starting_after", "cursor", "next_cursor", "page_token", "after")
PAGE_PARAMETERS = ("page", *CURSOR_PARAMETERS)


@dataclass
class Paginator:
    """Reads one list from its start.

    `problem` says why the list cannot be whole, and `shortage` why it may not be: it may have
    changed while it was read. None of both if it is proven whole.
    """

    resource: Resource
    team_id: str
    path: str
    params: Params
    request_stats: RequestStats
    parent_id: str | None = None
    is_again: bool = False  # answers that are logged already are asked for again
    is_filtered: bool = False  # then the API's total counts more than what is asked for
    pages: int = 0
    records_seen: int = 0  # different ones, unless the list is filtered
    api_total: int | None = None  # the largest that a page states
    needed_total: int | None = None  # so many records make the list whole
    problem: str | None = None
    followed: str | None = None  # the parameter that took the reader to the last page
    shortage: str | None = None  # fewer records than the API counts
    has_moved: bool = False  # numbered pages shifted, or records are missing: it may have changed
    _ids: set[int] = field(default_factory=set)  # their hashes
    _repeats: RepeatDetector = field(default_factory=RepeatDetector)

    @property
    def doubt(self) -> str | None:
        """Why the list is not proven whole; None if it is."""
        return self.problem or self.shortage

    async def records(self, client: GigstackClient) -> AsyncGenerator[bytes, None]:
        """The records of each page, as a JSON array; the next page is fetched meanwhile.

        Raises:
            ApiError: Whatever the client raises, or a page that cannot be read.
        """
        envelope = await self._first(client)
        params = self.params
        while True:
            records = records_of(envelope, self.resource)
            self._count(envelope, records)
            following = None
            if not self.problem:
                following = self._next_params(client, envelope, params, records)
            if following is None:
                self._check_total()
                yield records
                return
            async with _in_background(self._next(client, following, records)) as answer:
                yield records
                envelope, params = await answer, following
                self.followed = next((n for n in PAGE_PARAMETERS if n in following), "URL")

    async def _first(self, client: GigstackClient) -> Envelope:
        envelope, self.params = await get_first_page(
            client,
            self.resource,
            self.path,
            self.params,
            self.request_stats,
            self._origin,
            is_again=self.is_again,
        )
        return envelope

    async def _next(self, client: GigstackClient, params: Params, previous: bytes) -> Envelope:
        """A later page. The second one shows whether the API reads the cursor where it was put."""
        if self.pages > 1:
            return await self._get_after(client, params)
        try:
            envelope = await self._get_after(client, params)
        except ApiError as error:
            if not refuses_parameters(error):
                raise
            if moved := await self._with_other_parameter(client, params, previous):
                return moved
            raise
        if self._is_same_page(envelope, previous) or envelope.cursor in params.values():
            return await self._with_other_parameter(client, params, previous) or envelope
        return envelope

    async def _with_other_parameter(
        self, client: GigstackClient, params: Params, previous: bytes
    ) -> Envelope | None:
        """The second page, with the cursor in another parameter; None if none brings one."""
        sent = next((name for name in CURSOR_PARAMETERS if name in params), None)
        rest = {name: value for name, value in params.items() if name != sent}
        for name in CURSOR_PARAMETERS if sent else ():
            if name == sent:
                continue
            with suppress(ApiError):
                envelope = await self._get_after(client, rest | {name: params[str(sent)]})
                is_same = self._is_same_page(envelope, previous)
                if not is_same and envelope.cursor not in params.values():
                    client.findings.cursor_parameters[self.resource.name] = name
                    return envelope
        return None

    async def _get_after(self, client: GigstackClient, params: Params) -> Envelope:
        """A page after the first; with the cursor alone where the API refuses filters beside it."""
        try:
            return await self._get(client, params)
        except ApiError as error:
            alone = {n: v for n, v in params.items() if n in (*CURSOR_PARAMETERS, "team", "limit")}
            if not refuses_parameters(error) or alone == params:
                raise
            return await self._get(client, alone)

    def _is_same_page(self, envelope: Envelope, previous: bytes) -> bool:
        ids = ids_in(records_of(envelope, self.resource))
        return bool(ids) and ids[:1] == ids_in(previous)[:1]

    @property
    def _origin(self) -> Origin:
        return Origin(self.resource.name, self.team_id, self.parent_id)

    async def _get(self, client: GigstackClient, params: Params) -> Envelope:
        return await client.get(
            self.path, params, self.request_stats, self._origin, is_again=self.is_again
        )

    def _count(self, envelope: Envelope, records: bytes) -> None:
        self.pages += 1
        if (total := envelope.total) is not None:
            is_numbered = self.resource.pagination is Pagination.PAGE
            self.has_moved |= is_numbered and self.api_total not in (None, total)
            # an object may vanish meanwhile; of numbered pages, another then moves past the reader
            needed = max if is_numbered else min
            self.needed_total = needed(total, self.needed_total or total)
            self.api_total = max(total, self.api_total or 0)
        page_ids = ids_in(records)
        if self.is_filtered:  # long lists are read in slices, all at once: their ids are too many
            self.records_seen += len(page_ids)
        else:
            self._ids.update(map(hash, page_ids))
            self.records_seen = len(self._ids)
        self.problem = self._repeats.check(page_ids, records)

    def _next_params(
        self, client: GigstackClient, envelope: Envelope, params: Params, records: bytes
    ) -> Params | None:
        """The parameters of the next page, or None at the end or where no more can be read."""
        if self.resource.pagination is Pagination.SINGLE:
            if envelope.has_more or envelope.cursor:
                self.problem = "the API says there is more, and the list is read in one request"
            return None
        if self.resource.pagination is Pagination.PAGE:
            return self._next_numbered(params, envelope.next_page, records)
        if envelope.has_more is False:
            return None
        if envelope.cursor:
            return self._after(client, envelope)
        if envelope.next_page is not None:
            return self._next_numbered(params, envelope.next_page, records)
        if envelope.has_more:
            self.problem = "the API says there is more, and gives no cursor to it"
        elif not envelope.speaks_of_more and self._may_be_cut(envelope, records):
            self.problem = "the API does not say whether the list goes on after a full page"
        return None

    def _next_numbered(
        self, params: Params, next_page: int | None, records: bytes
    ) -> Params | None:
        """By what was received: a page may hold fewer records than were asked for."""
        is_all = self.api_total is not None and self.records_seen >= self.api_total
        if is_empty(records) or is_all or (next_page == 0 and self.api_total is None):
            return None
        return {**params, "page": int(params.get("page", 1)) + 1}

    def _after(self, client: GigstackClient, envelope: Envelope) -> Params | None:
        """Where the cursor leads: a URL's own query, or the cursor in its parameter."""
        cursor = str(envelope.cursor)
        if "://" in cursor or (cursor.startswith("/") and "?" in cursor):
            return self._of_url(urlsplit(client.base_url), urlsplit(cursor))
        found = client.findings.cursor_parameters.get(self.resource.name)
        return {**self.params, found or _cursor_parameter(self.resource, envelope): cursor}

    def _of_url(self, base: SplitResult, url: SplitResult) -> Params | None:
        is_here = url.netloc in ("", base.netloc) and url.scheme in ("", base.scheme)
        if not is_here or url.path != f"{base.path}{self.path}":
            self.problem = "the API says that the next page is elsewhere"
            return None
        own = {name: value for name, value in self.params.items() if name in ("team", "limit")}
        return {**dict(parse_qsl(url.query)), **own}

    def _may_be_cut(self, envelope: Envelope, records: bytes) -> bool:
        """Whether a page may be full: as asked for, or at a size that an API may choose itself."""
        rows = len(split_records(records))
        is_full = rows >= (envelope.limit or int(self.params.get("limit", 0)))
        return bool(rows) and (is_full or rows % SMALLEST_PAGE_SIZE == 0)

    def _check_total(self) -> None:
        """A list that ends with fewer records than the API counts is not whole."""
        total = self.needed_total
        if self.problem or total is None or self.is_filtered:
            return
        if self.records_seen + (self.resource.own_path is not None) < total:
            self.has_moved = True
            self.shortage = f"the list ends after {self.records_seen:,} of {total:,} records"


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


def _cursor_parameter(resource: Resource, envelope: Envelope) -> str:
    """Where the API takes a cursor: as documented, or as the answer names it."""
    if resource.pagination is Pagination.STARTING_AFTER:
        return Pagination.STARTING_AFTER.value
    is_webhook_style = envelope.cursor_word in ("next_cursor", "nextCursor")
    return Pagination.CURSOR.value if is_webhook_style else Pagination.NEXT.value
