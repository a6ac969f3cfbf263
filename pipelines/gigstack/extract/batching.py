"""Gathers the pages of each entity until they are worth a batch, and has them normalized.

One thread normalizes while fetching goes on. Batches go into a short queue: whoever takes them out
sets the pace of everything before.
"""

import asyncio
import queue
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from pipelines.gigstack.normalize.batch import Batch, CheckedPage, Page
from pipelines.gigstack.normalize.normalizer import Normalizers

BATCH_BYTES = 24 * 1024 * 1024  # of page bodies; a batch costs a fixed part too
BATCH_PAGES = 500
BATCHES_WAITING = 2


class BatchQueue:
    """Hands batches from the event loop's thread to another, a few at a time."""

    def __init__(self) -> None:
        self._ready: queue.Queue[Batch | BaseException | None] = queue.Queue(BATCHES_WAITING)
        self._closed = threading.Event()

    def put(self, item: Batch | BaseException | None) -> None:
        """Add a batch, the error that ended the run, or None for its end; waits for room."""
        while not self._closed.is_set():
            try:
                return self._ready.put(item, timeout=0.2)
            except queue.Full:
                continue
        return None

    def batches(self) -> Iterator[Batch]:
        """Batches until the end. Errors: the one that was put."""
        while (item := self._ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def close(self) -> None:
        """Take no more batches; whoever waits to put one goes on at once."""
        self._closed.set()


class Batcher:
    """Belongs to one event loop; `record` is told of each batch before it is put."""

    def __init__(
        self,
        normalizers: "asyncio.Future[Normalizers]",
        batches: BatchQueue,
        record: Callable[[Batch], None],
    ) -> None:
        self._normalizers = normalizers
        self._batches = batches
        self._record = record
        self._pages: dict[str, list[CheckedPage]] = defaultdict(list)
        self._bytes: Counter[str] = Counter()
        self._enough = BATCH_BYTES // 4  # the first is small, so that normalizing begins early
        self._room = asyncio.Semaphore(BATCHES_WAITING)
        self._turn = asyncio.Lock()  # whoever waits for room holds up all others
        self._pending: set[asyncio.Task[None]] = set()
        self._thread = ThreadPoolExecutor(1, "normalize")

    async def add_page(self, page: Page) -> None:
        """Take a page; waits while enough batches are under way."""
        entity = page.resource.entity
        normalizers = await self._normalizers
        async with self._turn:
            self._pages[entity].append(normalizers[entity].check_page(page))
            self._bytes[entity] += len(page.records)
            if len(self._pages[entity]) >= BATCH_PAGES or self._bytes[entity] >= self._enough:
                await self._flush(entity)

    async def flush(self, entity: str) -> None:
        """Normalize what is there of an entity, although it is no whole batch."""
        async with self._turn:
            if self._pages[entity]:
                await self._flush(entity)

    async def wait_until_normalized(self) -> None:
        """Wait until all that was flushed is normalized."""
        while self._pending:
            await asyncio.gather(*self._pending)

    async def finish(self) -> None:
        """Normalize what is left, and wait until every batch is put."""
        for entity in list(self._pages):
            await self.flush(entity)
        await asyncio.gather(*self._pending)
        self._thread.shutdown()

    async def _flush(self, entity: str) -> None:
        pages = self._pages.pop(entity)
        del self._bytes[entity]
        self._enough = BATCH_BYTES
        await self._room.acquire()
        task = asyncio.create_task(self._normalize(entity, pages))
        self._pending.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: "asyncio.Task[None]") -> None:
        if task.cancelled() or not task.exception():
            self._pending.discard(task)  # a failed one is kept for `finish` to raise

    async def _normalize(self, entity: str, pages: list[CheckedPage]) -> None:
        try:
            loop = asyncio.get_running_loop()
            normalizer = (await self._normalizers)[entity]
            batch = await loop.run_in_executor(self._thread, normalizer.normalize, pages)
            self._record(batch)
            await loop.run_in_executor(None, self._batches.put, batch)
        finally:
            self._room.release()
