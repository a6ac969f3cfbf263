"""Fetches every selected stream of every team at once, and hands out batches of Arrow tables.

The requests run in an event loop on a thread of their own, each list in a task.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines.gigstack.batch import Batch, Page
from pipelines.gigstack.catalogue import ENTITIES, Scope, Stream
from pipelines.gigstack.changes import Reading, Readings
from pipelines.gigstack.client import GigstackClient
from pipelines.gigstack.documents import DocumentReader
from pipelines.gigstack.drift import split_records
from pipelines.gigstack.errors import AuthenticationError, GigstackError, UnavailableError
from pipelines.gigstack.filters import MOMENTS, Bounds, DateFilter, honoured
from pipelines.gigstack.gather import BatchQueue, Gatherer
from pipelines.gigstack.journal import Origin
from pipelines.gigstack.known import key_columns
from pipelines.gigstack.moments import WindowWatch
from pipelines.gigstack.normalize import Normalizers
from pipelines.gigstack.paging import Params, Walk, probe_path, records_of, start_params
from pipelines.gigstack.reports import StreamReport, Watcher
from pipelines.gigstack.slices import cut, is_long

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
            self._batches.put(_first_cause(error))
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
        """Read a list, or the window of it that the run is about, and what is open beyond."""
        team, todo = report.team_id, self._assignment
        reading = todo.readings.get((stream.name, team), Reading())
        report.window_start = reading.start
        params = start_params(stream, todo.page_size, None if team == todo.key_team else team)
        path = await probe_path(
            client, stream.paths, lambda path: path.replace("{team}", team), params, report.meter
        )
        shelf = _List(client, stream, team, path, params, report)
        if reading.start:
            await self._read_window(shelf, reading.start)
        else:
            await self._read_whole(shelf)
        await self._read_singles(shelf, reading.open_items)
        if stream.own_path:
            await self._read_single(shelf, stream.own_path.format(team=team))

    async def _read_whole(self, shelf: "_List") -> None:
        """All of a list; a long one goes on in slices, as soon as its first page has told."""
        async with aclosing(self._pages(shelf, shelf.params)) as pages:
            async for _ in pages:
                rows = shelf.report.api_total
                if shelf.stream.window and is_long(rows, self._assignment.page_size):
                    break
            else:
                return
        date_filter = await honoured(shelf.stream.window, shelf.is_empty)
        if date_filter is None:
            await self._read_list(shelf, shelf.params)
        else:
            await self._read_slices(shelf, date_filter, None, rows or 0)

    async def _read_window(self, shelf: "_List", start: datetime) -> None:
        """A list from a moment on: by the filter, if the account honours it."""
        assert shelf.stream.window
        date_filter = await honoured(shelf.stream.window, shelf.is_empty)
        if date_filter:
            await self._read_list(shelf, shelf.params | date_filter.bounds(since=start))
            return
        watch = WindowWatch(start)
        fields = MOMENTS[shelf.stream.window]
        async with aclosing(self._pages(shelf, shelf.params)) as pages:
            async for records in pages:
                if watch.is_past(records, fields):
                    return

    async def _read_slices(
        self, shelf: "_List", date_filter: DateFilter, start: datetime | None, rows: int
    ) -> None:
        end, pages = self._assignment.started_at, rows // self._assignment.page_size
        slices = await cut(date_filter, shelf.is_empty, start, end, pages)
        try:
            async with asyncio.TaskGroup() as tasks:
                for since, until in slices:
                    bounds = date_filter.bounds(since, until)
                    tasks.create_task(self._read_list(shelf, shelf.params | bounds))
        except BaseExceptionGroup as errors:  # a group would pass by all who wait for an ApiError
            raise _first_cause(errors) from errors

    async def _read_list(self, shelf: "_List", params: Params) -> None:
        async with aclosing(self._pages(shelf, params)) as pages:
            async for _ in pages:
                pass

    async def _pages(self, shelf: "_List", params: Params) -> AsyncGenerator[bytes, None]:
        """Gather every page of a list, and offer what is on it to the reader of documents."""
        stream, team, report = shelf.stream, shelf.report.team_id, shelf.report
        documents = self._documents_of(stream)
        walk = Walk(stream, team, shelf.path, params, report.meter)
        async with aclosing(walk.records(shelf.client)) as pages:
            async for records in pages:
                report.pages += 1
                report.api_total = walk.api_total
                await self._gatherer.gather(Page(stream, team, records))
                self._watch(report)
                if documents:
                    about = self._report(documents, team)
                    await self._documents.offer(documents, about, records)
                yield records
        report.is_shifted |= walk.has_shifted
        if walk.is_truncated:
            report.error = "the API says there is more, and gives no cursor to it"
            report.status = "failed"

    async def _read_singles(self, shelf: "_List", open_items: Sequence[str]) -> None:
        """What is open beyond the window, one by one."""
        assert shelf.stream.single_path or not open_items
        paths = [str(shelf.stream.single_path).format(id=item) for item in open_items]
        await asyncio.gather(*(self._read_single(shelf, path) for path in paths))

    async def _read_single(self, shelf: "_List", path: str) -> None:
        """One object; it may have been deleted since it was listed."""
        stream, team, meter = shelf.stream, shelf.report.team_id, shelf.report.meter
        params: Params = {"team": shelf.params["team"]} if "team" in shelf.params else {}
        origin = Origin(stream.name, team, None)
        try:
            answer = await shelf.client.get(path, params, meter, origin)
        except UnavailableError as error:
            if error.status != 404:
                raise
        else:
            await self._gatherer.gather(Page(stream, team, records_of(answer, stream)))

    def _finish_documents(self) -> None:
        """Close the streams of documents: they are complete when the lists of parents are."""
        for stream in self._assignment.streams:
            if stream.scope is Scope.PARENT:
                for team in self._assignment.teams:
                    self._close(self._report(stream, team), stream)

    def _close(self, report: StreamReport, stream: Stream) -> None:
        report.complete_sweep = True
        for parents in self._assignment.streams:
            listed = self.reports.get((parents.name, report.team_id))
            if not listed or parents.entity != stream.parents:
                continue
            report.complete_sweep &= listed.complete_sweep
            if listed.status == "failed":
                report.status = "failed"
                report.error = f"{parents.name} could not be read: {listed.error}"
        report.complete_sweep &= report.status == "ok" and not report.postponed
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


@dataclass(frozen=True)
class _List:
    """One list of one team: how to ask for it, and where to report."""

    client: GigstackClient
    stream: Stream
    team: str
    path: str
    params: Params
    report: StreamReport

    async def is_empty(self, bounds: Bounds) -> bool:
        """Whether nothing answers to these bounds."""
        params = self.params | {"limit": 1} | bounds
        answer = await self.client.get(self.path, params, self.report.meter)
        return not any(
            bytes(raw) != b"null" for raw in split_records(records_of(answer, self.stream))
        )


def _first_cause(error: BaseException) -> BaseException:
    """The error itself, taken out of the groups that concurrent tasks put around it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
