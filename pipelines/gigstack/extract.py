"""Fetches every selected stream of every team at once, and hands out batches of Arrow tables.

The requests run in an event loop on a thread of their own, each list in a task.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from pipelines.gigstack.batch import Batch, Page
from pipelines.gigstack.catalogue import Scope, Stream
from pipelines.gigstack.client import GigstackClient
from pipelines.gigstack.documents import DocumentReader
from pipelines.gigstack.errors import AuthenticationError, GigstackError, UnavailableError
from pipelines.gigstack.gather import BatchQueue, Gatherer
from pipelines.gigstack.normalize import Normalizers
from pipelines.gigstack.paging import Walk, probe_path, records_of, start_params
from pipelines.gigstack.reports import StreamReport, Watcher

SECONDS_TO_STOP = 60.0


@dataclass(frozen=True)
class Assignment:
    """What a run reads. `checked` are the parents whose documents were asked for in earlier runs,
    as (team_id, parent_id), the least recently checked first.
    """

    streams: Sequence[Stream]
    teams: Sequence[str]
    key_team: str
    page_size: int
    max_concurrency: int
    document_budget: int
    checked: Sequence[tuple[str, str]] = ()

    @property
    def lists(self) -> list[tuple[Stream, str]]:
        """Every list and the team that it is read for; documents come on the way of parents."""
        teams = {Scope.TEAM: self.teams, Scope.KEY: [self.key_team], Scope.PARENT: ()}
        return [(stream, team) for stream in self.streams for team in teams[stream.scope]]


class Extraction:
    """One run's reading of the API; `reports` tells what came of each stream of each team."""

    def __init__(
        self,
        connect: Callable[[], AbstractAsyncContextManager[GigstackClient]],
        assignment: Assignment,
        normalizers: "Future[Normalizers]",
        watch: Watcher,
    ) -> None:
        self._connect = connect
        self._assignment = assignment
        self._normalizers = normalizers
        self._watch = watch
        self._batches = BatchQueue()
        self._thread = threading.Thread(target=self._run, name="fetch", daemon=True)
        self._lists_left = Counter(stream.entity for stream, _ in assignment.lists)
        self.reports: dict[tuple[str, str], StreamReport] = {}

    def start(self) -> None:
        """Begin to fetch; the normalizers belong to this extraction as soon as they are there."""
        self._thread.start()

    def batches(self) -> Iterator[Batch]:
        """Every batch, as it becomes ready.

        Errors: AuthenticationError; any error that is not one stream's own.
        """
        return self._batches.batches()

    def stop(self) -> None:
        """End the fetching, if it has not ended by itself; what was not taken out is dropped."""
        self._batches.close()
        self._thread.join(SECONDS_TO_STOP)

    def _run(self) -> None:
        try:
            asyncio.run(self._read_all())
        except BaseException as error:  # handed to whoever iterates
            self._batches.put(_first_cause(error))
        else:
            self._batches.put(None)

    async def _read_all(self) -> None:
        todo = self._assignment
        normalizers = asyncio.wrap_future(self._normalizers)
        self._gatherer = Gatherer(normalizers, self._batches, self._record)
        self._documents = DocumentReader(
            self._gatherer.gather, self._watch, todo.key_team, todo.document_budget, todo.checked
        )
        async with self._connect() as client, asyncio.TaskGroup() as workers:
            for _ in range(todo.max_concurrency):
                workers.create_task(self._documents.work(client))
            async with asyncio.TaskGroup() as lists:
                for stream, team in todo.lists:
                    lists.create_task(self._read(client, stream, team))
            await self._documents.finish()
        self._finish_documents()
        await self._gatherer.finish()

    def _documents_of(self, stream: Stream) -> Stream | None:
        """The stream of documents whose parents this list holds."""
        return next((s for s in self._assignment.streams if s.parents == stream.entity), None)

    async def _read(self, client: GigstackClient, stream: Stream, team: str) -> None:
        """One list of one team; a failure stays its own."""
        report = self._report(stream, team)
        started = time.monotonic()
        try:
            await self._walk(client, stream, report)
        except AuthenticationError:
            raise
        except UnavailableError as error:
            report.status = "failed" if report.pages else "unavailable"
            report.error = str(error)
        except GigstackError as error:
            report.status, report.error = "failed", str(error)
        report.complete_sweep = report.status == "ok"
        report.seconds = time.monotonic() - started
        report.is_done = True
        self._watch(report)
        self._lists_left[stream.entity] -= 1
        if not self._lists_left[stream.entity]:
            await self._gatherer.flush(stream.entity)

    def _report(self, stream: Stream, team: str) -> StreamReport:
        return self.reports.setdefault((stream.name, team), StreamReport(stream.name, team))

    async def _walk(self, client: GigstackClient, stream: Stream, report: StreamReport) -> None:
        team, todo = report.team_id, self._assignment
        params = start_params(stream, todo.page_size, None if team == todo.key_team else team)
        path = await probe_path(
            client, stream.paths, lambda path: path.replace("{team}", team), params, report.meter
        )
        walk = Walk(stream, team, path, params, report.meter)
        documents = self._documents_of(stream)
        async for records in walk.records(client):
            report.pages, report.api_total = walk.pages, walk.api_total
            await self._gatherer.gather(Page(stream, team, records))
            self._watch(report)
            if documents:
                await self._documents.offer(documents, self._report(documents, team), records)
        if stream.own_path:
            own = await client.get(stream.own_path.format(team=team), {}, report.meter)
            await self._gatherer.gather(Page(stream, team, records_of(own, stream)))
        if walk.is_truncated:
            report.error = "the API says there is more, and gives no cursor to it"
            report.status = "failed"

    def _finish_documents(self) -> None:
        """Close the streams of documents: they are complete when the lists of parents are."""
        for stream in self._assignment.streams:
            if stream.scope is Scope.PARENT:
                for team in self._assignment.teams:
                    self._close(self._report(stream, team), stream)

    def _close(self, report: StreamReport, stream: Stream) -> None:
        for parents in self._assignment.streams:
            listed = self.reports.get((parents.name, report.team_id))
            if listed and parents.entity == stream.parents and listed.status == "failed":
                report.status = "failed"
                report.error = f"{parents.name} could not be read: {listed.error}"
        report.complete_sweep = report.status == "ok" and not report.postponed
        report.is_done = True
        self._watch(report)

    def _record(self, batch: Batch) -> None:
        for (stream, team), count in batch.seen.items():
            self.reports[stream, team].rows_seen += count
        for (stream, team), count in batch.changed.items():
            self.reports[stream, team].rows_changed += count
        for reject in batch.rejects:
            self.reports[reject.stream, reject.team_id].rejects += 1
        for key in batch.seen:
            self._watch(self.reports[key])


def _first_cause(error: BaseException) -> BaseException:
    """The error itself, taken out of the groups that concurrent tasks put around it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
