"""Fetches every selected stream of every team at once, and hands out batches of Arrow tables.

The requests run in an event loop on a thread of their own, each list in a task.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines.foundation.errors import (
    AuthenticationError,
    GigstackError,
    UnavailableError,
    first_cause,
)
from pipelines.gigstack.api.client import GigstackClient
from pipelines.gigstack.endpoints import ENTITIES, Scope, Stream
from pipelines.gigstack.extract.batching import BatchQueue, Gatherer
from pipelines.gigstack.extract.documents import DocumentReader
from pipelines.gigstack.extract.list_reader import ListReader
from pipelines.gigstack.extract.read_window import Reading, Readings
from pipelines.gigstack.extract.stats import StreamReport, Watcher
from pipelines.gigstack.normalize.batch import Batch, Page
from pipelines.gigstack.normalize.change_detection import key_columns
from pipelines.gigstack.normalize.normalizer import Normalizers

SECONDS_TO_STOP = 60.0


@dataclass(frozen=True)
class Assignment:
    """What a run reads. `checked` are the parents whose documents were asked for in earlier runs,
    as (team_id, parent_id), the least recently checked first; `urgent` comes before them.
    """

    streams: Sequence[Stream]
    teams: Sequence[str]
    key_team: str
    page_size: int
    max_concurrency: int
    document_budget: int
    started_at: datetime
    readings: Readings = field(default_factory=dict)  # of an incremental load; all is read without
    checked: Sequence[tuple[str, str]] = ()
    urgent: Collection[tuple[str, str]] = ()  # parents whose documents are about to change

    @property
    def lists(self) -> list[tuple[Stream, str]]:
        return lists_of(self.streams, self.teams, self.key_team)


def lists_of(
    streams: Sequence[Stream], teams: Sequence[str], key_team: str
) -> list[tuple[Stream, str]]:
    """Every list and the team that it is read for; documents come on the way of parents."""
    read_for = {Scope.TEAM: teams, Scope.KEY: [key_team], Scope.PARENT: ()}
    return [(stream, team) for stream in streams for team in read_for[stream.scope]]


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
        self._changed: set[tuple[str, str]] = set()  # team and id of every root that is written
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
            self._batches.put(first_cause(error))
        else:
            self._batches.put(None)

    async def _read_all(self) -> None:
        todo = self._assignment
        normalizers = asyncio.wrap_future(self._normalizers)
        self._gatherer = Gatherer(normalizers, self._batches, self._record)
        self._documents = DocumentReader(
            self._gatherer.gather,
            self._watch,
            todo.key_team,
            todo.document_budget,
            todo.checked,
            todo.urgent,
        )
        async with self._connect() as client, asyncio.TaskGroup() as workers:
            for _ in range(todo.max_concurrency):
                workers.create_task(self._documents.work(client))
            async with asyncio.TaskGroup() as lists:
                for stream, team in todo.lists:
                    lists.create_task(self._read(client, stream, team))
            await self._gatherer.settle()
            await self._documents.finish(self._changed)
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
        is_whole = not (report.window_start or report.is_shifted)
        report.complete_sweep = report.status == "ok" and is_whole
        report.seconds = time.monotonic() - started
        report.is_done = True
        self._watch(report)
        self._lists_left[stream.entity] -= 1
        if not self._lists_left[stream.entity]:
            await self._gatherer.flush(stream.entity)

    def _report(self, stream: Stream, team: str) -> StreamReport:
        return self.reports.setdefault((stream.name, team), StreamReport(stream.name, team))

    async def _walk(self, client: GigstackClient, stream: Stream, report: StreamReport) -> None:
        todo = self._assignment
        asked_team = None if report.team_id == todo.key_team else report.team_id
        documents = self._documents_of(stream)

        async def take(records: bytes) -> None:
            if documents:
                about = self._report(documents, report.team_id)
                await self._documents.offer(documents, about, records)
            await self._gatherer.gather(Page(stream, report.team_id, records))
            self._watch(report)

        reader = ListReader(
            client, stream, report, todo.page_size, asked_team, todo.started_at, take
        )
        await reader.read(todo.readings.get((stream.name, report.team_id), Reading()))

    def _finish_documents(self) -> None:
        """Close the streams of documents: they are complete when the lists of parents are."""
        for stream in self._assignment.streams:
            if stream.scope is Scope.PARENT:
                for team in self._assignment.teams:
                    self._close(self._report(stream, team), stream)

    def _close(self, report: StreamReport, stream: Stream) -> None:
        parents = [
            listed
            for one in self._assignment.streams
            if one.entity == stream.parents
            and (listed := self.reports.get((one.name, report.team_id)))
        ]
        for listed in parents:
            if listed.status == "failed":
                report.status = "failed"
                report.error = f"{listed.stream} could not be read: {listed.error}"
        if parents and all(listed.status == "unavailable" for listed in parents):
            report.status, report.error = "unavailable", parents[0].error
        is_whole = all(listed.complete_sweep for listed in parents)
        report.complete_sweep = is_whole and report.status == "ok" and not report.postponed
        report.is_done = True
        self._watch(report)

    def _record(self, batch: Batch) -> None:
        for entity in {stream.parents for stream in self._assignment.streams if stream.parents}:
            if (rows := batch.tables.get(entity)) is not None:
                keys: Any = rows.select(list(key_columns(ENTITIES[entity].root)))
                self._changed.update(zip(*keys.to_pydict().values(), strict=True))
        for key in batch.seen:
            self.reports[key].add(batch)
            self._watch(self.reports[key])
