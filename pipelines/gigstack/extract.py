"""Fetches every selected stream of every team at once, and hands out batches of Arrow tables.

The requests run in an event loop on a thread of their own, each list in a task; the pages of an
entity gather until they are worth a batch, which one more thread normalizes while fetching goes
on. Whoever iterates over `batches()` sets the pace: only a few batches wait at a time.
"""

import asyncio
import queue
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field

import msgspec

from pipelines.gigstack.batch import Batch, Inspected, Page
from pipelines.gigstack.catalogue import Scope, Stream
from pipelines.gigstack.client import GigstackClient, Meter
from pipelines.gigstack.drift import split_records
from pipelines.gigstack.errors import (
    AuthenticationError,
    GigstackError,
    UnavailableError,
)
from pipelines.gigstack.normalize import EntityNormalizer
from pipelines.gigstack.paging import Walk, probe_path, records_of, start_params

BATCH_BYTES = 32 * 1024 * 1024  # of page bodies; a batch costs a fixed part too
BATCH_PAGES = 2000
BATCHES_WAITING = 2
PAGES_OF_PARENTS = 20  # whose documents are being read; the listing waits for its turn


@dataclass
class StreamReport:
    """What came of one stream of one team; a row of `ops.run_streams`."""

    stream: str
    team_id: str
    status: str = "ok"
    meter: Meter = field(default_factory=Meter)
    pages: int = 0
    rows_seen: int = 0
    rows_changed: int = 0
    rejects: int = 0
    api_total: int | None = None
    complete_sweep: bool = False
    seconds: float = 0.0
    error: str | None = None
    is_done: bool = False
    postponed: int = 0  # parents that wait for the next run
    parents: list[str] = field(default_factory=list)  # asked for their documents, and answered


Watcher = Callable[[StreamReport], None]


class _ParentId(msgspec.Struct):
    id: str | None = None
    uuid: str | None = None


_parent_id = msgspec.json.Decoder(_ParentId)


class Extraction:
    """One run's reading of the API."""

    def __init__(
        self,
        connect: Callable[[], AbstractAsyncContextManager[GigstackClient]],
        streams: Sequence[Stream],
        teams: Sequence[str],
        key_team: str,
        normalizers: dict[str, EntityNormalizer],
        page_size: int,
        watch: Watcher,
        document_budget: int = 5000,
        postponed: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        self._connect = connect
        self._streams = streams
        self._teams = teams
        self._key_team = key_team
        self._normalizers = normalizers
        self._page_size = page_size
        self._watch = watch
        self._document_budget = document_budget
        self._document_requests = 0
        self._postponed = postponed  # team_id, parent_id
        self._pool = ThreadPoolExecutor(1, "normalize")
        self._ready: queue.Queue[Batch | BaseException | None] = queue.Queue(BATCHES_WAITING)
        self._stopped = threading.Event()
        self._gathered: dict[str, list[Inspected]] = defaultdict(list)
        self._gathered_bytes: Counter[str] = Counter()
        self.reports: dict[tuple[str, str], StreamReport] = {}

    def batches(self) -> Iterator[Batch]:
        """Every batch, as it becomes ready.

        Errors: AuthenticationError; any error that is not one stream's own.
        """
        thread = threading.Thread(target=self._run, name="fetch", daemon=True)
        thread.start()
        try:
            while (item := self._ready.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self._stopped.set()
            while not self._ready.empty():
                self._ready.get_nowait()
            thread.join(timeout=60)
            self._pool.shutdown()

    def _run(self) -> None:
        try:
            asyncio.run(self._read_all())
        except BaseException as error:  # handed to whoever iterates
            self._put(_first_cause(error))
        else:
            self._put(None)

    def _put(self, item: Batch | BaseException | None) -> None:
        while not self._stopped.is_set():
            try:
                return self._ready.put(item, timeout=0.2)
            except queue.Full:
                continue
        return None

    async def _read_all(self) -> None:
        self._normalizing = asyncio.Semaphore(BATCHES_WAITING)
        self._parents = asyncio.Semaphore(PAGES_OF_PARENTS)
        self._pending: set[asyncio.Task[None]] = set()
        children = {s.parents: s for s in self._streams if s.scope is Scope.PARENT}
        async with self._connect() as client, asyncio.TaskGroup() as tasks:
            for stream in self._streams:
                if stream.scope is not Scope.PARENT:
                    teams = self._teams if stream.scope is Scope.TEAM else [self._key_team]
                    for team in teams:
                        reader = self._read(client, stream, team, children.get(stream.entity))
                        tasks.create_task(reader)
        for entity in list(self._gathered):
            await self._flush(entity)
        await asyncio.gather(*self._pending)

    async def _read(
        self, client: GigstackClient, stream: Stream, team: str, child: Stream | None
    ) -> None:
        """One list of one team; a failure stays its own."""
        report = self._report(stream, team)
        started = time.monotonic()
        try:
            await self._walk(client, stream, team, report, child)
            report.complete_sweep = report.status == "ok"
        except AuthenticationError:
            raise
        except UnavailableError as error:
            report.status = "failed" if report.pages else "unavailable"
            report.error = str(error)
        except GigstackError as error:
            report.status, report.error = "failed", str(error)
        report.seconds += time.monotonic() - started
        report.is_done = True
        self._watch(report)
        if child:
            self._finish_documents(self._report(child, team), report)

    def _finish_documents(self, report: StreamReport, parents: StreamReport) -> None:
        """Close the stream of documents when that of their parents is read."""
        if parents.status != "ok" and report.status == "ok":
            report.status = parents.status
            report.error = f"{parents.stream} could not be read: {parents.error}"
        report.complete_sweep = report.status == "ok" and not report.postponed
        report.is_done = True
        self._watch(report)

    def _report(self, stream: Stream, team: str) -> StreamReport:
        return self.reports.setdefault((stream.name, team), StreamReport(stream.name, team))

    async def _walk(
        self,
        client: GigstackClient,
        stream: Stream,
        team: str,
        report: StreamReport,
        child: Stream | None,
    ) -> None:
        asked = None if team == self._key_team else team
        params = start_params(stream, self._page_size, asked)
        path = await probe_path(
            client, stream.paths, lambda path: path.replace("{team}", team), params
        )
        walk = Walk(stream, team, path, params, report.meter)
        try:
            async with asyncio.TaskGroup() as tasks:
                async for records in walk.records(client):
                    report.pages, report.api_total = walk.pages, walk.api_total
                    await self._gather(Page(stream, team, records))
                    self._watch(report)
                    if child:
                        await self._parents.acquire()
                        tasks.create_task(self._read_documents(client, child, team, records))
        except BaseExceptionGroup as errors:  # a group would pass by all who wait for an ApiError
            raise _first_cause(errors) from errors
        if stream.own_path:
            own = await client.get(stream.own_path.format(team=team), {}, report.meter)
            await self._gather(Page(stream, team, records_of(own, stream)))
        if walk.is_truncated:
            report.error = "the API says there is more, and gives no cursor to it"
            report.status = "failed"

    async def _read_documents(
        self, client: GigstackClient, stream: Stream, team: str, parents: bytes
    ) -> None:
        """The documents of every parent on a page of parents."""
        report = self._report(stream, team)
        started = time.monotonic()
        try:
            ids = self._due(ids_of(parents), report)
            await asyncio.gather(
                *(self._read_documents_of(client, stream, parent, report) for parent in ids)
            )
        finally:
            self._parents.release()
        report.seconds += (time.monotonic() - started) / PAGES_OF_PARENTS
        self._watch(report)

    def _due(self, parents: list[str], report: StreamReport) -> list[str]:
        """The parents to ask about in this run; past the budget the others wait for the next."""
        due = [parent for parent in parents if (report.team_id, parent) not in self._postponed]
        due = due[: max(0, self._document_budget - self._document_requests)]
        self._document_requests += len(due)
        report.postponed += len(parents) - len(due)
        return due

    async def _read_documents_of(
        self, client: GigstackClient, stream: Stream, parent: str, report: StreamReport
    ) -> None:
        team = report.team_id
        asked = None if team == self._key_team else team
        params = start_params(stream, self._page_size, asked)
        path = stream.paths[0].format(parent=parent)
        try:
            async for records in Walk(stream, team, path, params, report.meter).records(client):
                report.pages += 1
                if records != b"[]":
                    await self._gather(Page(stream, team, records, parent))
            report.parents.append(parent)
        except UnavailableError as error:
            if error.status != 404:  # a parent deleted since it was listed is no error
                report.status, report.error = "unavailable", str(error)
        except AuthenticationError:
            raise
        except GigstackError as error:
            report.status, report.error = "failed", str(error)

    async def _gather(self, page: Page) -> None:
        entity = page.stream.entity
        self._gathered[entity].append(self._normalizers[entity].inspect(page))
        self._gathered_bytes[entity] += len(page.records)
        is_full = len(self._gathered[entity]) >= BATCH_PAGES
        if is_full or self._gathered_bytes[entity] >= BATCH_BYTES:
            await self._flush(entity)

    async def _flush(self, entity: str) -> None:
        """Start to normalize what has gathered; wait first while enough is under way."""
        pages = self._gathered.pop(entity)
        del self._gathered_bytes[entity]
        await self._normalizing.acquire()
        task = asyncio.create_task(self._normalize(entity, pages))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def _normalize(self, entity: str, pages: list[Inspected]) -> None:
        try:
            loop = asyncio.get_running_loop()
            batch = await loop.run_in_executor(
                self._pool, self._normalizers[entity].normalize, pages
            )
            self._record(batch)
            await loop.run_in_executor(None, self._put, batch)
        finally:
            self._normalizing.release()

    def _record(self, batch: Batch) -> None:
        for (stream, team), count in batch.seen.items():
            self.reports[stream, team].rows_seen += count
        for (stream, team), count in batch.changed.items():
            self.reports[stream, team].rows_changed += count
        for reject in batch.rejects:
            self.reports[reject.stream, reject.team_id].rejects += 1


def ids_of(parents: bytes) -> list[str]:
    """The ids on a page; what is no object has none, and is rejected elsewhere."""
    ids = []
    for raw in split_records(parents):
        with suppress(msgspec.DecodeError):
            parent = _parent_id.decode(raw)
            ids.append(parent.id or parent.uuid or "")
    return [found for found in ids if found]


def _first_cause(error: BaseException) -> BaseException:
    """The error itself, taken out of the groups that concurrent tasks put around it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
