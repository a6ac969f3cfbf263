"""Collects the pages of each entity into batches, and normalizes those while fetching goes on.

One thread normalizes. A short queue holds the batches, so that whoever takes them out sets the pace
for everything before it.
"""

import asyncio
import queue
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from pipelines.foundation.errors import ApiError
from pipelines.gigstack.normalize.batch import Batch, CheckedPage, Page
from pipelines.gigstack.normalize.normalizer import Normalizers

BATCH_BYTES = 24 * 1024 * 1024  # of page bodies; every batch has a fixed cost too
BATCH_PAGES = 500
MAX_QUEUED_BATCHES = 2


class BatchQueue:
    """Passes batches from the event loop's thread to another one, a few at a time."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Batch | BaseException | None] = queue.Queue(MAX_QUEUED_BATCHES)
        self._closed = threading.Event()

    def put(self, item: Batch | BaseException | None) -> None:
        """Add a batch, the error that ended the run, or None as the end; waits for a free slot."""
        while not self._closed.is_set():
            try:
                return self._queue.put(item, timeout=0.2)
            except queue.Full:
                continue
        return None

    def batches(self) -> Iterator[Batch]:
        """Batches until the end.

        Raises:
            BaseException: The error that was put.
        """
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    @property
    def is_closed(self) -> bool:
        return self._closed.is_set()

    def close(self) -> None:
        """Accept no more batches; a waiting `put` returns at once."""
        self._closed.set()


class Batcher:
    """Collects pages on one event loop; calls `on_batch` with each batch before it is queued."""

    def __init__(
        self,
        normalizers: "asyncio.Future[Normalizers]",
        batches: BatchQueue,
        on_batch: Callable[[Batch], None],
    ) -> None:
        self._normalizers = normalizers
        self._batches = batches
        self._on_batch = on_batch
        self._pages: dict[str, list[CheckedPage]] = defaultdict(list)
        self._bytes: Counter[str] = Counter()
        self._batch_bytes = BATCH_BYTES // 4  # the first is small, so that normalizing starts early
        self._free_slots = asyncio.Semaphore(MAX_QUEUED_BATCHES)
        self._lock = asyncio.Lock()  # a page that waits for a slot holds up all others
        self._tasks: set[asyncio.Task[None]] = set()
        self._executor = ThreadPoolExecutor(1, "normalize")

    async def add_page(self, page: Page) -> None:
        """Add a page; waits while enough batches are being processed.

        Raises:
            ApiError: All its records belong to another team or mode, and count as rejected. Or none
                has the field that every object has, and the page would overwrite what is known.
        """
        entity = page.resource.entity
        normalizers = await self._normalizers
        async with self._lock:
            checked = normalizers[entity].check_page(page)
            if checked.drift.lacks_needed_field:
                raise ApiError(
                    f"no record of a page has {page.resource.needed_field}; the list carries less "
                    "than a single object has. read_singles reads these one by one"
                )
            self._pages[entity].append(checked)
            self._bytes[entity] += len(page.records)
            if len(self._pages[entity]) >= BATCH_PAGES or self._bytes[entity] >= self._batch_bytes:
                await self._start_batch(entity)
        if checked.is_foreign:
            raise ApiError("the API answers with records of another team or mode")

    async def flush(self, entity: str) -> None:
        """Normalize the collected pages of an entity, even if they do not fill a batch."""
        async with self._lock:
            if self._pages[entity]:
                await self._start_batch(entity)

    async def wait_until_normalized(self) -> None:
        """Wait until every batch that was started is normalized."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def finish(self) -> None:
        """Normalize the remaining pages, and wait until every batch is queued."""
        for entity in list(self._pages):
            await self.flush(entity)
        await asyncio.gather(*self._tasks)
        self._executor.shutdown()

    async def _start_batch(self, entity: str) -> None:
        await self._free_slots.acquire()  # a list that is cancelled here leaves all pages behind
        pages = self._pages.pop(entity)
        del self._bytes[entity]
        self._batch_bytes = BATCH_BYTES
        task = asyncio.create_task(self._normalize(entity, pages))
        self._tasks.add(task)
        task.add_done_callback(self._discard)

    def _discard(self, task: "asyncio.Task[None]") -> None:
        if task.cancelled() or not task.exception():
            self._tasks.discard(task)  # a failed task stays, for `finish` to raise its error

    async def _normalize(self, entity: str, pages: list[CheckedPage]) -> None:
        try:
            loop = asyncio.get_running_loop()
            normalizer = (await self._normalizers)[entity]
            batch = await loop.run_in_executor(self._executor, normalizer.normalize, pages)
            self._on_batch(batch)
            await loop.run_in_executor(None, self._batches.put, batch)
        finally:
            self._free_slots.release()
