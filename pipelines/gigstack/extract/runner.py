"""Fetches all selected resources of all teams concurrently, and yields batches of Arrow tables.

The requests run on an event loop in a thread of their own, one task per list.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from pipelines.foundation.errors import (
    AuthenticationError,
    UnavailableError,
    first_cause,
)
from pipelines.gigstack.api.change_filters import ChangeFilters
from pipelines.gigstack.api.client import GigstackClient
from pipelines.gigstack.api.date_filters import DateFilters
from pipelines.gigstack.api.teams import team_param
from pipelines.gigstack.endpoint_types import Resource, Scope
from pipelines.gigstack.endpoints import ENTITIES
from pipelines.gigstack.extract.batching import Batcher, BatchQueue
from pipelines.gigstack.extract.documents import DocumentReader
from pipelines.gigstack.extract.list_reader import ListReader
from pipelines.gigstack.extract.own_lists import OwnLists
from pipelines.gigstack.extract.read_window import ReadWindow, ReadWindows
from pipelines.gigstack.extract.stats import ProgressCallback, ResourceStats
from pipelines.gigstack.normalize.batch import Batch, Page
from pipelines.gigstack.normalize.change_detection import key_columns
from pipelines.gigstack.normalize.normalizer import Normalizers

STOP_TIMEOUT_SECONDS = 60.0
MAX_REFUSALS = 20  # of lists, before a key is wrong that nothing was ever answered to

StatsByList = dict[tuple[str, str], ResourceStats]  # by resource and team


@dataclass(frozen=True)
class ExtractionPlan:
    """What a run reads.

    `checked` are the parents whose documents earlier runs read, as (team_id, parent_id), with the
    number of documents, the least recently checked first. `urgent` are parents whose documents are
    about to change; they come before all others. A list without an entry in `read_windows` is read
    whole. `answered` are lists that an earlier run could read, as (resource, team_id). The objects
    of resources in `read_alone` are read one by one.
    """

    resources: Sequence[Resource]
    teams: Sequence[str]
    key_team: str
    page_size: int
    max_concurrency: int
    document_budget: int
    started_at: datetime
    read_windows: ReadWindows = field(default_factory=dict)
    checked: Mapping[tuple[str, str], int] = field(default_factory=dict)
    urgent: Collection[tuple[str, str]] = ()
    answered: Collection[tuple[str, str]] = ()
    read_alone: Collection[Resource] = ()

    @property
    def lists(self) -> list[tuple[Resource, str]]:
        return lists_of(self.resources, self.teams, self.key_team)

    def team_param(self, resource: Resource, team: str) -> str | None:
        """The team to name in requests for a resource."""
        return team_param(resource, team, self.teams, self.key_team)


def lists_of(
    resources: Sequence[Resource], teams: Sequence[str], key_team: str
) -> list[tuple[Resource, str]]:
    """Every list and the team that it is read for; documents are read with their parents."""
    teams_by_scope = {Scope.TEAM: teams, Scope.KEY: [key_team], Scope.PARENT: ()}
    return [(resource, team) for resource in resources for team in teams_by_scope[resource.scope]]


class Extraction:
    """One run's fetching, in a thread; `stats` holds what was read of each resource and team."""

    def __init__(
        self,
        connect: Callable[[], AbstractAsyncContextManager[GigstackClient]],
        plan: ExtractionPlan,
        normalizers: "Future[Normalizers]",
        on_progress: ProgressCallback,
    ) -> None:
        self._connect = connect
        self._plan = plan
        self._normalizers = normalizers
        self._on_progress = on_progress
        self._batches = BatchQueue()
        self._thread = threading.Thread(target=self._run, name="fetch", daemon=True)
        self._cancel: Callable[[], object] = self._batches.close
        self.stats: StatsByList = {}

    def start(self) -> None:
        """Start to fetch. Once the normalizers are ready, only this extraction may use them."""
        self._thread.start()

    def batches(self) -> Iterator[Batch]:
        """Every batch, as soon as it is ready.

        Raises:
            AuthenticationError: The API refuses the key.
            Exception: Any error that is not limited to one resource.
        """
        return self._batches.batches()

    def stop(self) -> None:
        """Stop fetching if it has not ended: requests that are under way are given up, and batches
        that were not taken are dropped.
        """
        self._batches.close()
        with suppress(RuntimeError):  # its event loop has ended
            self._cancel()
        self._thread.join(STOP_TIMEOUT_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._fetch())
        except BaseException as error:  # raised again by `batches`
            self._batches.put(first_cause(error))
        else:
            self._batches.put(None)

    async def _fetch(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task
        self._cancel = partial(loop.call_soon_threadsafe, task.cancel)
        if self._batches.is_closed:  # stopped before it had begun
            return
        normalizers = asyncio.wrap_future(self._normalizers)
        async with self._connect() as client:
            fetcher = _Fetcher(
                self._plan,
                normalizers,
                self._batches,
                self.stats,
                self._on_progress,
                DateFilters(client.findings),
                ChangeFilters(client.findings),
            )
            await fetcher.read_all(client)
        await fetcher.finish()


class _Fetcher:
    """Reads a plan's lists and documents on one event loop, and counts what it reads."""

    def __init__(
        self,
        plan: ExtractionPlan,
        normalizers: "asyncio.Future[Normalizers]",
        batches: BatchQueue,
        stats: StatsByList,
        on_progress: ProgressCallback,
        date_filters: DateFilters,
        change_filters: ChangeFilters,
    ) -> None:
        self._plan = plan
        self._all_stats = stats
        self._on_progress = on_progress
        self._lists_left = Counter(resource.entity for resource, _ in plan.lists)
        self._changed: set[tuple[str, str]] = set()  # team and id of every parent that changed
        self._date_filters = date_filters
        self._change_filters = change_filters
        self._own_lists = OwnLists()
        self._refusals = 0
        self._batcher = Batcher(normalizers, batches, self._count_batch)
        self._documents = DocumentReader(
            self._batcher.add_page,
            on_progress,
            plan.team_param,
            plan.document_budget,
            plan.checked,
            plan.urgent,
        )

    async def read_all(self, client: GigstackClient) -> None:
        """Read all lists, and the documents of the parents on them."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(self._plan.max_concurrency):
                workers.create_task(self._documents.read_queued(client))
            async with asyncio.TaskGroup() as lists:
                for resource, team in self._plan.lists:
                    lists.create_task(self._read_list(client, resource, team))
            await self._batcher.wait_until_normalized()
            await self._documents.finish(self._changed)

    async def finish(self) -> None:
        """Complete the stats of the documents, and wait until every batch is queued."""
        for resource in self._plan.resources:
            if resource.scope is Scope.PARENT:
                for team in self._plan.teams:
                    self._finish_documents(resource, team)
        await self._batcher.finish()

    async def _read_list(self, client: GigstackClient, resource: Resource, team: str) -> None:
        """Read one list of one team; a failure fails only this list."""
        stats = self._stats(resource, team)
        started = time.monotonic()
        try:
            await self._read_pages(client, resource, stats)
        except AuthenticationError as error:
            self._refusals += 1
            if not client.answered and self._refusals >= min(MAX_REFUSALS, len(self._plan.lists)):
                raise
            stats.fail(error)
        except UnavailableError as error:
            self._note_unavailable(stats, error)
        except Exception as error:  # whatever it is, it costs this list alone
            stats.fail(error)
        is_whole = not (stats.window_start or stats.is_shifted)
        stats.complete_sweep = stats.status == "ok" and is_whole
        stats.seconds = time.monotonic() - started
        stats.is_done = True
        self._on_progress(stats)
        self._lists_left[resource.entity] -= 1
        if not self._lists_left[resource.entity]:
            await self._batcher.flush(resource.entity)

    def _note_unavailable(self, stats: ResourceStats, error: UnavailableError) -> None:
        """A list that the account lacks is no error; one that could be read before is."""
        if stats.pages:
            stats.fail(error)
        elif (stats.resource, stats.team_id) in self._plan.answered:
            stats.fail(f"{error}. The list could be read before")
        else:
            stats.status, stats.error = "unavailable", str(error)

    async def _read_pages(
        self, client: GigstackClient, resource: Resource, stats: ResourceStats
    ) -> None:
        plan, team = self._plan, stats.team_id
        documents = next((r for r in plan.resources if r.parents == resource.entity), None)

        async def on_page(records: bytes) -> None:
            if documents:
                document_stats = self._stats(documents, team)
                await self._documents.add_parents(documents, document_stats, records)
            await self._batcher.add_page(Page(resource, team, records))
            self._on_progress(stats)

        reader = ListReader(
            client,
            resource,
            stats,
            plan.page_size,
            plan.team_param(resource, team),
            plan.started_at,
            on_page,
            self._date_filters,
            None if documents else self._change_filters,  # documents come with every parent
            None if team == plan.key_team else self._own_lists,
            resource in plan.read_alone,
        )
        await reader.read(plan.read_windows.get((resource.name, team), ReadWindow()))

    def _stats(self, resource: Resource, team: str) -> ResourceStats:
        new = ResourceStats(resource.name, team)
        return self._all_stats.setdefault((resource.name, team), new)

    def _finish_documents(self, resource: Resource, team: str) -> None:
        """Documents fail with the lists of their parents, and are complete only if those are."""
        stats = self._stats(resource, team)
        parents = self._stats_of_parents(resource, team)
        for parent in parents:
            if parent.status == "failed":
                stats.fail(f"{parent.resource} could not be read: {parent.error}")
        if parents and all(parent.status == "unavailable" for parent in parents):
            stats.status, stats.error = "unavailable", parents[0].error
        is_whole = all(parent.complete_sweep for parent in parents)
        stats.complete_sweep = is_whole and stats.status == "ok" and not stats.postponed
        stats.is_done = True
        self._on_progress(stats)

    def _stats_of_parents(self, resource: Resource, team: str) -> list[ResourceStats]:
        names = [
            parent.name for parent in self._plan.resources if parent.entity == resource.parents
        ]
        keys = [(name, team) for name in names]
        return [self._all_stats[key] for key in keys if key in self._all_stats]

    def _count_batch(self, batch: Batch) -> None:
        for entity in {resource.parents for resource in self._plan.resources if resource.parents}:
            if (rows := batch.tables.get(entity)) is not None:
                keys: Any = rows.select(list(key_columns(ENTITIES[entity].root)))
                self._changed.update(zip(*keys.to_pydict().values(), strict=True))
        for key in batch.seen:
            self._all_stats[key].add(batch)
            self._on_progress(self._all_stats[key])
