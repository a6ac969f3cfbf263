"""Reads the support documents of every parent: one request each, within the run's budget.

Parents that were never asked about are asked as soon as they are listed. The others wait until
all lists are read, and then come in the order of their last check, so that everyone has a turn.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import itemgetter

import msgspec

from pipelines.foundation.errors import AuthenticationError, GigstackError, UnavailableError
from pipelines.gigstack.api.client import GigstackClient
from pipelines.gigstack.api.paginators import Paginator, start_params
from pipelines.gigstack.api.records import split_records
from pipelines.gigstack.endpoints import Resource
from pipelines.gigstack.extract.stats import ProgressCallback, ResourceStats
from pipelines.gigstack.normalize.batch import Page

PARENTS_DUE = 2000  # that wait to be asked about; then the lists of parents wait too
PAGES_BETWEEN_UPDATES = 50


class _ParentId(msgspec.Struct):
    id: str | None = None
    uuid: str | None = None


_parent_id = msgspec.json.Decoder(_ParentId)


@dataclass(frozen=True)
class _Parent:
    """An object whose documents are to be asked for, and where to report what came of it."""

    id: str
    resource: Resource
    stats: ResourceStats


class DocumentReader:
    """Asks for the documents of the parents of one run; `work` is to run in several tasks.

    `checked` are the parents asked about in earlier runs, as (team_id, parent_id), the least
    recently checked first; `urgent` those that have documents under review or about to expire.
    `gather` takes each page of documents.
    """

    def __init__(
        self,
        add_page: Callable[[Page], Awaitable[None]],
        on_progress: ProgressCallback,
        key_team: str,
        budget: int,
        checked: Sequence[tuple[str, str]],
        urgent: Collection[tuple[str, str]],
    ) -> None:
        self._add_page = add_page
        self._on_progress = on_progress
        self._key_team = key_team
        self._left = budget
        self._urgent = set(urgent)
        self._rank = {parent: rank for rank, parent in enumerate(checked)}
        self._waiting: list[tuple[int, _Parent]] = []
        self._due: asyncio.Queue[_Parent | None] = asyncio.Queue(PARENTS_DUE)

    async def offer(self, resource: Resource, stats: ResourceStats, parents: bytes) -> None:
        """Take the parents on a page: those never asked about are due, the others wait."""
        for found in ids_of(parents):
            parent = _Parent(found, resource, stats)
            rank = self._rank.get((stats.team_id, found))
            if rank is None:
                await self._put(parent)
            else:
                self._waiting.append((rank, parent))

    async def finish(self, changed: Collection[tuple[str, str]]) -> None:
        """No parent is listed any more: ask about those that wait, as far as the budget goes.

        Those that changed and those that are urgent come first, but take no more than half of what
        is left where it is not enough for all: everyone's turn is to come.
        """
        hurried = self._urgent | set(changed)
        self._waiting.sort(key=itemgetter(0))
        first: list[_Parent] = []
        others: list[_Parent] = []
        for _, parent in self._waiting:
            is_first = (parent.stats.team_id, parent.id) in hurried
            (first if is_first else others).append(parent)
        half = math.ceil(self._left / 2)
        for parent in (*first[:half], *others, *first[half:]):
            await self._put(parent)
        await self._due.put(None)

    async def _put(self, parent: _Parent) -> None:
        if self._left:
            self._left -= 1
            await self._due.put(parent)
        else:
            parent.stats.postponed += 1

    async def work(self, client: GigstackClient) -> None:
        """Ask about one parent after the other, until there are no more."""
        while parent := await self._due.get():
            await self._read(client, parent)
        await self._due.put(None)  # for the others who work

    async def _read(self, client: GigstackClient, parent: _Parent) -> None:
        """The documents of one parent; a failure is the stream's, not the run's."""
        resource, stats = parent.resource, parent.stats
        asked = None if stats.team_id == self._key_team else stats.team_id
        path = resource.paths[0].format(parent=parent.id)
        params = start_params(resource, 0, asked)
        paginator = Paginator(resource, stats.team_id, path, params, stats.request_stats, parent.id)
        started = time.monotonic()
        try:
            async for records in paginator.records(client):
                stats.pages += 1
                await self._add_page(Page(resource, stats.team_id, records, parent.id))
            stats.parents.append(parent.id)
        except AuthenticationError:
            raise
        except UnavailableError as error:
            if error.status != 404:  # a parent deleted since it was listed is no error
                stats.status, stats.error = "unavailable", str(error)
        except GigstackError as error:
            stats.status, stats.error = "failed", str(error)
        stats.seconds = max(stats.seconds, time.monotonic() - started)
        if stats.pages % PAGES_BETWEEN_UPDATES == 0:
            self._on_progress(stats)


def ids_of(parents: bytes) -> list[str]:
    """The ids on a page; what is no object has none, and is rejected elsewhere."""
    ids = []
    for raw in split_records(parents):
        with suppress(msgspec.DecodeError):
            parent = _parent_id.decode(raw)
            ids.append(parent.id or parent.uuid or "")
    return [found for found in ids if found]
