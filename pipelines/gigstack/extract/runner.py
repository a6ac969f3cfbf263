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
from pipelines.gigstack.endpoints import ENTITIES, Resource, Scope
from pipelines.gigstack.extract.batching import Batcher, BatchQueue
from pipelines.gigstack.extract.documents import DocumentReader
from pipelines.gigstack.extract.list_reader import ListReader
from pipelines.gigstack.extract.read_window import ReadWindow, ReadWindows
from pipelines.gigstack.extract.stats import ProgressCallback, ResourceStats
from pipelines.gigstack.normalize.batch import Batch, Page
from pipelines.gigstack.normalize.change_detection import key_columns
from pipelines.gigstack.normalize.normalizer import Normalizers

STOP_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class ExtractionPlan:
    """What a run reads. `checked` are the parents whose documents were asked for in earlier runs,
    as (team_id, parent_id), the least recently checked first; `urgent` comes before them.
    """

    resources: Sequence[Resource]
    teams: Sequence[str]
    key_team: str
    page_size: int
    max_concurrency: int
    document_budget: int
    started_at: datetime
    read_windows: ReadWindows = field(
        default_factory=dict
    )  # of an incremental load; all is read without
    checked: Sequence[tuple[str, str]] = ()
    urgent: Collection[tuple[str, str]] = ()  # parents whose documents are about to change

    @property
    def lists(self) -> list[tuple[Resource, str]]:
        return lists_of(self.resources, self.teams, self.key_team)


def lists_of(
    resources: Sequence[Resource], teams: Sequence[str], key_team: str
) -> list[tuple[Resource, str]]:
    """Every list and the team that it is read for; documents come on the way of parents."""
    read_for = {Scope.TEAM: teams, Scope.KEY: [key_team], Scope.PARENT: ()}
    return [(resource, team) for resource in resources for team in read_for[resource.scope]]


class Extraction:
    """One run's reading of the API; `reports` tells what came of each stream of each team."""

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
        self._lists_left = Counter(resource.entity for resource, _ in plan.lists)
        self._changed: set[tuple[str, str]] = set()  # team and id of every root that is written
        self.stats: dict[tuple[str, str], ResourceStats] = {}

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
        self._thread.join(STOP_TIMEOUT_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._read_all())
        except BaseException as error:  # handed to whoever iterates
            self._batches.put(first_cause(error))
        else:
            self._batches.put(None)

    async def _read_all(self) -> None:
        plan = self._plan
        normalizers = asyncio.wrap_future(self._normalizers)
        self._batcher = Batcher(normalizers, self._batches, self._record)
        self._documents = DocumentReader(
            self._batcher.add_page,
            self._on_progress,
            plan.key_team,
            plan.document_budget,
            plan.checked,
            plan.urgent,
        )
        async with self._connect() as client, asyncio.TaskGroup() as workers:
            for _ in range(plan.max_concurrency):
                workers.create_task(self._documents.work(client))
            async with asyncio.TaskGroup() as lists:
                for resource, team in plan.lists:
                    lists.create_task(self._read(client, resource, team))
            await self._batcher.wait_until_normalized()
            await self._documents.finish(self._changed)
        self._finish_documents()
        await self._batcher.finish()

    def _documents_of(self, resource: Resource) -> Resource | None:
        """The stream of documents whose parents this list holds."""
        return next((s for s in self._plan.resources if s.parents == resource.entity), None)

    async def _read(self, client: GigstackClient, resource: Resource, team: str) -> None:
        """One list of one team; a failure stays its own."""
        stats = self._stats(resource, team)
        started = time.monotonic()
        try:
            await self._walk(client, resource, stats)
        except AuthenticationError:
            raise
        except UnavailableError as error:
            stats.status = "failed" if stats.pages else "unavailable"
            stats.error = str(error)
        except GigstackError as error:
            stats.status, stats.error = "failed", str(error)
        is_whole = not (stats.window_start or stats.is_shifted)
        stats.complete_sweep = stats.status == "ok" and is_whole
        stats.seconds = time.monotonic() - started
        stats.is_done = True
        self._on_progress(stats)
        self._lists_left[resource.entity] -= 1
        if not self._lists_left[resource.entity]:
            await self._batcher.flush(resource.entity)

    def _stats(self, resource: Resource, team: str) -> ResourceStats:
        return self.stats.setdefault((resource.name, team), ResourceStats(resource.name, team))

    async def _walk(self, client: GigstackClient, resource: Resource, stats: ResourceStats) -> None:
        plan = self._plan
        asked_team = None if stats.team_id == plan.key_team else stats.team_id
        documents = self._documents_of(resource)

        async def take(records: bytes) -> None:
            if documents:
                about = self._stats(documents, stats.team_id)
                await self._documents.offer(documents, about, records)
            await self._batcher.add_page(Page(resource, stats.team_id, records))
            self._on_progress(stats)

        reader = ListReader(
            client, resource, stats, plan.page_size, asked_team, plan.started_at, take
        )
        await reader.read(plan.read_windows.get((resource.name, stats.team_id), ReadWindow()))

    def _finish_documents(self) -> None:
        """Close the streams of documents: they are complete when the lists of parents are."""
        for resource in self._plan.resources:
            if resource.scope is Scope.PARENT:
                for team in self._plan.teams:
                    self._close(self._stats(resource, team), resource)

    def _close(self, stats: ResourceStats, resource: Resource) -> None:
        parents = [
            listed
            for one in self._plan.resources
            if one.entity == resource.parents
            and (listed := self.stats.get((one.name, stats.team_id)))
        ]
        for listed in parents:
            if listed.status == "failed":
                stats.status = "failed"
                stats.error = f"{listed.resource} could not be read: {listed.error}"
        if parents and all(listed.status == "unavailable" for listed in parents):
            stats.status, stats.error = "unavailable", parents[0].error
        is_whole = all(listed.complete_sweep for listed in parents)
        stats.complete_sweep = is_whole and stats.status == "ok" and not stats.postponed
        stats.is_done = True
        self._on_progress(stats)

    def _record(self, batch: Batch) -> None:
        for entity in {resource.parents for resource in self._plan.resources if resource.parents}:
            if (rows := batch.tables.get(entity)) is not None:
                keys: Any = rows.select(list(key_columns(ENTITIES[entity].root)))
                self._changed.update(zip(*keys.to_pydict().values(), strict=True))
        for key in batch.seen:
            self.stats[key].add(batch)
            self._on_progress(self.stats[key])
