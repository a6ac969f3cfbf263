"""Pages wait for the normalizer in a bounded number, however many lists are read at once."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

from pipelines.gigstack.endpoints import RESOURCES
from pipelines.gigstack.extract.batching import BATCH_PAGES, MAX_QUEUED_BATCHES, Batcher, BatchQueue
from pipelines.gigstack.normalize.batch import Batch, CheckedPage, Page
from pipelines.gigstack.normalize.drift import DriftResult

LISTS = 32
PAGES_OF_EACH = 400
PAGE = Page(RESOURCES["invoices_income"], "team_1", b"[]")


class SlowNormalizer:
    """Takes what it is handed, and is done with nothing until it is let go."""

    def __init__(self) -> None:
        self.checked = self.normalized = 0
        self.let_go = threading.Event()

    def check_page(self, page: Page) -> CheckedPage:
        self.checked += 1
        return CheckedPage(page, DriftResult(page.records, []))

    def normalize(self, pages: Sequence[CheckedPage]) -> Batch:
        self.let_go.wait(60)
        self.normalized += len(pages)
        return Batch()


def test_what_waits_for_the_normalizer_is_bounded_and_nothing_of_it_is_lost() -> None:
    normalizer = SlowNormalizer()
    most = asyncio.run(asyncio.wait_for(_gather(normalizer), 60))
    assert most <= (MAX_QUEUED_BATCHES + 1) * BATCH_PAGES
    assert normalizer.normalized == LISTS * PAGES_OF_EACH


async def _gather(normalizer: SlowNormalizer) -> int:
    """The pages that were taken before the first was done with."""
    batches = BatchQueue()
    ready: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    ready.set_result({PAGE.resource.entity: normalizer})
    gatherer = Batcher(ready, batches, lambda _: None)

    async def read() -> None:
        for _ in range(PAGES_OF_EACH):
            await gatherer.add_page(PAGE)

    lists = [asyncio.create_task(read()) for _ in range(LISTS)]
    for _ in range(LISTS * PAGES_OF_EACH):  # turns of the loop: more than there are pages to take
        await asyncio.sleep(0)
    most = normalizer.checked
    normalizer.let_go.set()
    taking = asyncio.to_thread(lambda: list(batches.batches()))
    taken = asyncio.create_task(taking)
    await asyncio.gather(*lists)
    await gatherer.finish()
    batches.put(None)
    await taken
    return most
