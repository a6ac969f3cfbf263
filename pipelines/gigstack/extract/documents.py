"""Reads the support documents of each parent, one request per parent, up to a request budget.

Parents that no run has checked yet are read as soon as they are listed. The others follow when all
lists are read, the least recently checked first, so that every parent gets its turn.
API: https://docs.gigstack.io
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from operator import itemgetter

import msgspec

from pipelines.foundation.errors import ApiError, UnavailableError
from pipelines.gigstack.api.client import GigstackClient
from pipelines.gigstack.api.first_page import start_params
from pipelines.gigstack.api.paginators import Paginator
from pipelines.gigstack.api.paths import fill_path
from pipelines.gigstack.api.records import split_records
from pipelines.gigstack.endpoint_types import Resource
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.gigstack.extract.stats import ProgressCallback, ResourceStats
from pipelines.gigstack.normalize.batch import Page

MAX_QUEUED_PARENTS = 2000  # beyond it, the lists of parents wait too
PAGES_BETWEEN_UPDATES = 50


class _ParentId(msgspec.Struct):
    id: str | None = None
    uuid: str | None = None


_parent_id_decoder = msgspec.json.Decoder(_ParentId)


@dataclass(frozen=True)
class _Parent:
    """An object whose documents are to be read, and the stats that count them."""

    id: str
    resource: Resource
    stats: ResourceStats


class DocumentReader:
    """Reads the documents of one run's parents; several tasks run `read_queued`.

    `checked` are the parents that earlier runs read, as (team_id, parent_id), with the number of
    their documents, the least recently checked first. `urgent` are those with documents under
    review or about to expire. `add_page` gets each page of documents.
    """

    def __init__(
        self,
        add_page: Callable[[Page], Awaitable[None]],
        on_progress: ProgressCallback,
        team_param: Callable[[Resource, str], str | None],
        budget: int,
        checked: Mapping[tuple[str, str], int],
        urgent: Collection[tuple[str, str]],
    ) -> None:
        self._add_page = add_page
        self._on_progress = on_progress
        self._team_param = team_param
        self._requests_left = budget
        self._urgent = set(urgent)
        self._rank = {parent: rank for rank, parent in enumerate(checked)}
        self._with_documents = {parent for parent, documents in checked.items() if documents}
        self._checked: list[tuple[int, _Parent]] = []  # listed parents, with their rank
        self._queue: asyncio.Queue[_Parent | None] = asyncio.Queue(MAX_QUEUED_PARENTS)

    async def add_parents(self, resource: Resource, stats: ResourceStats, parents: bytes) -> None:
        """Add the parents on a page: new ones are queued, the others wait for `finish`."""
        for parent_id in ids_of(parents):
            parent = _Parent(parent_id, resource, stats)
            rank = self._rank.get((stats.team_id, parent_id))
            if rank is None:
                await self._enqueue(parent)
            else:
                self._checked.append((rank, parent))

    async def finish(self, changed: Collection[tuple[str, str]]) -> None:
        """Queue the parents that wait, as far as the budget goes; all parents have been listed.

        Changed and urgent ones come first. Where the budget is too small for all, they get no more
        than half of it, so that the others still get their turn.
        """
        prioritized = self._urgent | set(changed)
        self._checked.sort(key=itemgetter(0))
        first: list[_Parent] = []
        others: list[_Parent] = []
        for _, parent in self._checked:
            is_first = (parent.stats.team_id, parent.id) in prioritized
            (first if is_first else others).append(parent)
        half = math.ceil(self._requests_left / 2)
        for parent in (*first[:half], *others, *first[half:]):
            await self._enqueue(parent)
        await self._queue.put(None)

    async def _enqueue(self, parent: _Parent) -> None:
        if self._requests_left:
            self._requests_left -= 1
            await self._queue.put(parent)
        else:
            parent.stats.postponed += 1

    async def read_queued(self, client: GigstackClient) -> None:
        """Read the documents of queued parents until `finish` has queued the last one."""
        while parent := await self._queue.get():
            await self._read(client, parent)
        await self._queue.put(None)  # the end, for the other tasks

    async def _read(self, client: GigstackClient, parent: _Parent) -> None:
        """Read the documents of one parent; a failure fails the resource, not the run."""
        stats = parent.stats
        started = time.monotonic()
        try:
            await self._read_pages(client, parent)
            stats.parents.append(parent.id)
        except UnavailableError as error:
            await self._note_unavailable(client, parent, error)
        except Exception as error:  # whatever it is, it costs these documents alone
            stats.fail(error)
        stats.seconds = max(stats.seconds, time.monotonic() - started)
        if stats.pages % PAGES_BETWEEN_UPDATES == 0:
            self._on_progress(stats)

    async def _note_unavailable(
        self, client: GigstackClient, parent: _Parent, error: UnavailableError
    ) -> None:
        """A parent without documents may answer 404, and one that was deleted since it was listed;
        one that had documents and exists must have them still.
        """
        stats = parent.stats
        has_had_documents = (stats.team_id, parent.id) in self._with_documents
        if has_had_documents and await self._exists(client, parent):
            stats.fail(f"{error}. It had documents before")
        elif error.status == 404:
            stats.parents.append(parent.id)
        elif stats.status == "ok":
            stats.status, stats.error = "unavailable", str(error)

    async def _exists(self, client: GigstackClient, parent: _Parent) -> bool:
        """Whether a parent can be read alone; unknown counts as yes."""
        stats = parent.stats
        team = self._team_param(parent.resource, stats.team_id)
        paths = [r.single_path for r in RESOURCES.values() if r.entity == parent.resource.parents]
        for path in filter(None, paths):
            try:
                params = {"team": team} if team else {}
                await client.get(fill_path(path, id=parent.id), params, stats.request_stats)
            except UnavailableError as error:
                if error.status != 404:
                    return True
            except ApiError:
                return True
            else:
                return True
        return not paths

    async def _read_pages(self, client: GigstackClient, parent: _Parent) -> None:
        resource, stats = parent.resource, parent.stats
        path = fill_path(resource.paths[0], parent=parent.id)
        params = start_params(resource, 0, self._team_param(resource, stats.team_id))
        paginator = Paginator(resource, stats.team_id, path, params, stats.request_stats, parent.id)
        async for records in paginator.records(client):
            stats.pages += 1
            await self._add_page(Page(resource, stats.team_id, records, parent.id))
        if paginator.doubt:
            raise ApiError(paginator.doubt)


def ids_of(parents: bytes) -> list[str]:
    """The ids on a page; what is not an object has none, and is rejected elsewhere."""
    ids = []
    for raw in split_records(parents):
        with suppress(msgspec.DecodeError):
            parent = _parent_id_decoder.decode(raw)
            ids.append(parent.id or parent.uuid or "")
    return [parent_id for parent_id in ids if parent_id]
