"""Reads the support documents of every parent: one request each, within the run's budget.

Parents that were never asked about are asked as soon as they are listed. The others wait until
all lists are read, and then come in the order of their last check, so that everyone has a turn.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

import msgspec

from pipelines.gigstack.batch import Page
from pipelines.gigstack.catalogue import Stream
from pipelines.gigstack.client import GigstackClient
from pipelines.gigstack.drift import split_records
from pipelines.gigstack.errors import AuthenticationError, GigstackError, UnavailableError
from pipelines.gigstack.paging import Walk, start_params
from pipelines.gigstack.reports import StreamReport, Watcher

PAGES_OF_PARENTS = 20  # whose documents are being read; the listing waits for its turn


class _ParentId(msgspec.Struct):
    id: str | None = None
    uuid: str | None = None


_parent_id = msgspec.json.Decoder(_ParentId)


class DocumentReader:
    """Asks for the documents of the parents of one run.

    `checked` are the parents asked about in earlier runs, as (team_id, parent_id), the least
    recently checked first. `gather` takes each page of documents.
    """

    def __init__(
        self,
        gather: Callable[[Page], Awaitable[None]],
        watch: Watcher,
        key_team: str,
        budget: int,
        checked: Sequence[tuple[str, str]],
    ) -> None:
        self._gather = gather
        self._watch = watch
        self._key_team = key_team
        self._left = budget
        self._rank = {parent: rank for rank, parent in enumerate(checked)}
        self._waiting: list[tuple[int, str, Stream, StreamReport]] = []
        self.room = asyncio.Semaphore(PAGES_OF_PARENTS)  # take a place before `read_new`

    async def read_new(
        self, client: GigstackClient, stream: Stream, report: StreamReport, parents: bytes
    ) -> None:
        """Ask about the parents on a page that were never asked about; remember the others."""
        try:
            new = []
            for parent in ids_of(parents):
                rank = self._rank.get((report.team_id, parent))
                if rank is None:
                    new.append((parent, stream, report))
                else:
                    self._waiting.append((rank, parent, stream, report))
            await self._ask(client, new)
        finally:
            self.room.release()

    async def read_waiting(self, client: GigstackClient) -> None:
        """Ask about those that were asked about before, as far as the budget goes."""
        self._waiting.sort(key=lambda waiting: waiting[0])
        await self._ask(client, [(p, stream, report) for _, p, stream, report in self._waiting])

    async def _ask(
        self, client: GigstackClient, parents: Sequence[tuple[str, Stream, StreamReport]]
    ) -> None:
        due, postponed = parents[: self._left], parents[self._left :]
        self._left -= len(due)
        for _, _, report in postponed:
            report.postponed += 1
        await asyncio.gather(*(self._read(client, *parent) for parent in due))
        self._show({id(report): report for _, _, report in parents}.values())

    def _show(self, reports: Iterable[StreamReport]) -> None:
        for report in reports:
            self._watch(report)

    async def _read(
        self, client: GigstackClient, parent: str, stream: Stream, report: StreamReport
    ) -> None:
        """The documents of one parent; a failure is the stream's, not the run's."""
        asked = None if report.team_id == self._key_team else report.team_id
        path = stream.paths[0].format(parent=parent)
        walk = Walk(stream, report.team_id, path, start_params(stream, 0, asked), report.meter)
        started = time.monotonic()
        try:
            async for records in walk.records(client):
                report.pages += 1
                await self._gather(Page(stream, report.team_id, records, parent))
            report.parents.append(parent)
        except AuthenticationError:
            raise
        except UnavailableError as error:
            if error.status != 404:  # a parent deleted since it was listed is no error
                report.status, report.error = "unavailable", str(error)
        except GigstackError as error:
            report.status, report.error = "failed", str(error)
        report.seconds = max(report.seconds, time.monotonic() - started)


def ids_of(parents: bytes) -> list[str]:
    """The ids on a page; what is no object has none, and is rejected elsewhere."""
    ids = []
    for raw in split_records(parents):
        with suppress(msgspec.DecodeError):
            parent = _parent_id.decode(raw)
            ids.append(parent.id or parent.uuid or "")
    return [found for found in ids if found]
