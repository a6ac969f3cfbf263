"""Loads without requests to the API: the answers of an old run, or the records it rejected.

Both serve after a correction of this program. Rows that were loaded later stay as they are.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines import warehouse
from pipelines.foundation.lock import exclusive_run
from pipelines.foundation.paths import response_logs_dir
from pipelines.gigstack.api import response_log
from pipelines.gigstack.api.client import read_envelope
from pipelines.gigstack.api.records import logged_records
from pipelines.gigstack.api.response_log import Origin
from pipelines.gigstack.endpoint_types import Resource
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
from pipelines.gigstack.extract.batching import BATCH_BYTES
from pipelines.gigstack.extract.stats import ProgressCallback, ResourceStats
from pipelines.gigstack.normalize.batch import Batch, CheckedPage, Page
from pipelines.gigstack.normalize.normalizer import Normalizers
from pipelines.gigstack.source import empty_tables
from pipelines.load.dlt_loader import DltLoader, open_loader
from pipelines.load.normalizers import create_normalizers
from pipelines.load.run import counted, new_run_id
from pipelines.warehouse.lost_tables import complete_tables
from pipelines.warehouse.run_log import RETRY_MODE, LoadResult, open_rejects, parents_read_after
from pipelines.warehouse.run_log_writer import recorded


def replay(data_dir: Path, run_id: str, on_progress: ProgressCallback) -> LoadResult:
    """Normalize and load the answers that a run has logged.

    Raises:
        ConfigurationError: That run has no response log.
        WarehouseError: The warehouse cannot be written, or another run holds it.
    """
    directory = response_logs_dir(data_dir)
    header = response_log.header_of(directory, run_id)
    read_alone = header.question.get("read_singles", ())
    pages = (
        _logged_page(origin, body, is_read_alone=origin.resource in read_alone)
        for origin, body in response_log.answers(directory, run_id)
    )
    resources = [RESOURCES[name] for name in header.question["streams"]]
    with _replay_run(data_dir, "replay", on_progress, header.started_at) as run:
        run.load(resources, pages, header.started_at)
    return run.result


def _logged_page(origin: Origin, body: bytes, *, is_read_alone: bool) -> Page:
    """The records of an answer. Of objects that were read alone, the list does not count."""
    resource, envelope = RESOURCES[origin.resource], read_envelope(body)
    records = logged_records(envelope, resource)
    if is_read_alone and bytes(envelope.data)[:1] == b"[":
        records = b"[]"
    return Page(resource, origin.team_id, records, origin.parent_id)


def retry_rejects(data_dir: Path, on_progress: ProgressCallback) -> LoadResult:
    """Load every rejected record that can now be loaded; the others stay rejected.

    Raises:
        WarehouseError: The warehouse cannot be written, or another run holds it.
    """
    with _replay_run(data_dir, RETRY_MODE, on_progress) as run:
        for seen_at, rejects in groupby(open_rejects(run.connection), itemgetter(1)):
            pages = [
                Page(RESOURCES[r.resource], r.team_id, f"[{r.raw}]".encode(), r.parent_id)
                for r, _ in rejects
            ]
            resources = list(dict.fromkeys(page.resource for page in pages))
            run.load(resources, pages, seen_at)
    return run.result


@contextmanager
def _replay_run(
    data_dir: Path, mode: str, on_progress: ProgressCallback, as_of: datetime | None = None
) -> Iterator["_ReplayRun"]:
    """A recorded run on a warehouse without pending packages."""
    started_at = datetime.now(UTC)
    result = LoadResult(new_run_id(started_at), mode, started_at, as_of=as_of)
    with exclusive_run(data_dir), warehouse.connect(data_dir) as connection:
        complete_tables(connection)
        loader = open_loader(data_dir, connection)
        with recorded(connection, result):
            loader.load_pending_packages()
            yield _ReplayRun(result, connection, loader, on_progress)
            result.teams = tuple(dict.fromkeys(stats.team_id for stats in result.resources))


@dataclass(frozen=True)
class _ReplayRun:
    result: LoadResult
    connection: duckdb.DuckDBPyConnection
    loader: DltLoader
    on_progress: ProgressCallback
    stats: dict[tuple[str, str], ResourceStats] = field(default_factory=dict)  # by resource, team

    def load(
        self, resources: Sequence[Resource], pages: Iterable[Page], fetched_at: datetime
    ) -> None:
        """Load pages fetched at a moment. Rows fetched later stay; all others are written again."""
        existing = warehouse.table_names(self.connection)
        normalizers = create_normalizers(
            self.result, resources, self.connection, existing, fetched_at
        )
        watermarks = self.loader.read_watermarks()
        newer = parents_read_after(self.connection, fetched_at)
        batches = (_without_links_of(newer, b) for b in self._batches(pages, normalizers))
        seconds = self.loader.load(
            counted(self.result, batches),
            empty_tables(normalizers, existing),
            normalizers,
            lambda: watermarks,
        )
        for table, table_seconds in seconds.items():
            self.result.table_seconds[table] += table_seconds

    def _batches(self, pages: Iterable[Page], normalizers: Normalizers) -> Iterator[Batch]:
        waiting: dict[str, list[CheckedPage]] = defaultdict(list)
        sizes: Counter[str] = Counter()
        for page in pages:
            self._stats(page.resource.name, page.team_id).pages += 1
            entity = page.resource.entity
            waiting[entity].append(normalizers[entity].check_page(page))
            sizes[entity] += len(page.records)
            if sizes[entity] >= BATCH_BYTES:
                del sizes[entity]
                yield self._reported(normalizers[entity].normalize(waiting.pop(entity)))
        for entity, checked_pages in waiting.items():
            yield self._reported(normalizers[entity].normalize(checked_pages))

    def _stats(self, resource: str, team: str) -> ResourceStats:
        if (resource, team) not in self.stats:
            self.stats[resource, team] = ResourceStats(resource, team, is_done=True)
            self.result.resources.append(self.stats[resource, team])
        return self.stats[resource, team]

    def _reported(self, batch: Batch) -> Batch:
        for resource, team in batch.seen:
            stats = self._stats(resource, team)
            stats.add(batch)
            self.on_progress(stats)
        return batch


def _without_links_of(newer: Collection[tuple[str, str | None]], batch: Batch) -> Batch:
    """Remove the links of parents that a later run has read. Links carry no time of their own, so
    nothing else tells that those in the warehouse are newer.
    """
    for link in (link for entity in ENTITIES.values() for link in entity.links):
        if (rows := batch.tables.get(link.name)) is not None:
            parents: Any = rows.select(["team_id", "parent_type"]).to_pydict()
            is_kept = [parent not in newer for parent in zip(*parents.values(), strict=True)]
            batch.tables[link.name] = rows.filter(pa.array(is_kept, pa.bool_()))
    return batch
