"""Loads without asking the API: the pages of an old run once more, or what was rejected.

Both are for after a correction of the program. Rows that were loaded later stay as they are.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
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
from pipelines.gigstack.api.records import records_of
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES, Resource
from pipelines.gigstack.extract.batching import BATCH_BYTES
from pipelines.gigstack.extract.stats import ProgressCallback, ResourceStats
from pipelines.gigstack.normalize.batch import Batch, CheckedPage, Page
from pipelines.gigstack.normalize.normalizer import Normalizers
from pipelines.gigstack.source import empty_tables
from pipelines.load.dlt_loader import (
    chunks,
    load_pending_packages,
    normalizers_for,
    pipeline_in,
    watermarks_of,
    write,
)
from pipelines.load.run import new_run_id
from pipelines.warehouse import run_log
from pipelines.warehouse.run_log import LoadResult


def replay(data_dir: Path, run_id: str, on_progress: ProgressCallback) -> LoadResult:
    """Normalize and load the pages that a run has journalled.

    Errors: ConfigurationError when there is no journal of that run; WarehouseError.
    """
    directory = response_logs_dir(data_dir)
    header = response_log.header_of(directory, run_id)
    pages = (
        Page(
            RESOURCES[origin.resource],
            origin.team_id,
            records_of(read_envelope(body), RESOURCES[origin.resource]),
            origin.parent_id,
        )
        for origin, body in response_log.answers(directory, run_id)
    )
    resources = [RESOURCES[name] for name in header.question["streams"]]
    with _again(data_dir, "replay", header.started_at) as (run, connection):
        _load(run, data_dir, connection, resources, pages, header.started_at, on_progress)
    return run


def retry_rejects(data_dir: Path, on_progress: ProgressCallback) -> LoadResult:
    """Try every rejected record again; what loads now is no reject any more.

    Errors: WarehouseError.
    """
    with _again(data_dir, run_log.RETRY) as (run, connection):
        for seen_at, found in groupby(run_log.open_rejects(connection), itemgetter(1)):
            pages = [
                Page(RESOURCES[r.resource], r.team_id, f"[{r.raw}]".encode(), r.parent_id)
                for r, _ in found
            ]
            resources = list(dict.fromkeys(page.resource for page in pages))
            _load(run, data_dir, connection, resources, pages, seen_at, on_progress)
    return run


@contextmanager
def _again(
    data_dir: Path, mode: str, as_of: datetime | None = None
) -> Iterator[tuple[LoadResult, duckdb.DuckDBPyConnection]]:
    """A run on a warehouse in which nothing is pending, and its ledger."""
    started_at = datetime.now(UTC)
    run = LoadResult(new_run_id(started_at), mode, started_at, as_of=as_of)
    with exclusive_run(data_dir), warehouse.connect(data_dir) as connection:
        run_log.prepare(connection)
        with run_log.recorded(connection, run):
            load_pending_packages(data_dir, connection)
            yield run, connection
            run.teams = tuple(dict.fromkeys(report.team_id for report in run.resources))


def _load(
    run: LoadResult,
    data_dir: Path,
    connection: duckdb.DuckDBPyConnection,
    resources: Sequence[Resource],
    pages: Iterable[Page],
    as_of: datetime,
    on_progress: ProgressCallback,
) -> None:
    """Load pages that were fetched at a moment; newer rows stay, the others are written anew."""
    existing = warehouse.table_names(connection)
    normalizers = normalizers_for(run, resources, connection, existing, as_of)
    marks = watermarks_of(pipeline_in(data_dir, connection))
    later = _read_later(connection, as_of)
    batches = (
        _without_links(batch, later) for batch in _batches(run, pages, normalizers, on_progress)
    )
    parts = chunks(run, batches, empty_tables(normalizers, existing))
    write(run, data_dir, connection, parts, normalizers, lambda: marks)


def _read_later(
    connection: duckdb.DuckDBPyConnection, as_of: datetime
) -> set[tuple[str, str | None]]:
    """Teams and types of parents whose documents were listed after a moment."""
    rows = connection.execute(
        "select distinct team_id, stream from ops.run_streams inner join ops.runs using (run_id) "
        "where run_streams.status = 'ok' and mode in ('incremental', 'full') "
        "and window_end > $as_of",
        {"as_of": as_of},
    ).fetchall()
    return {
        (team, RESOURCES[resource].kind) for team, resource in rows if RESOURCES[resource].parents
    }


def _without_links(batch: Batch, later: Collection[tuple[str, str | None]]) -> Batch:
    """Links tell no time: those of parents that were asked again are as they were found then."""
    for link in (link for entity in ENTITIES.values() for link in entity.links):
        if (rows := batch.tables.get(link.name)) is not None:
            parents: Any = rows.select(["team_id", "parent_type"]).to_pydict()
            is_news = [one not in later for one in zip(*parents.values(), strict=True)]
            batch.tables[link.name] = rows.filter(pa.array(is_news, pa.bool_()))
    return batch


def _batches(
    run: LoadResult, pages: Iterable[Page], normalizers: Normalizers, on_progress: ProgressCallback
) -> Iterator[Batch]:
    waiting: dict[str, list[CheckedPage]] = defaultdict(list)
    sizes: Counter[str] = Counter()
    reports = {(report.resource, report.team_id): report for report in run.resources}
    for page in pages:
        key = (page.resource.name, page.team_id)
        if key not in reports:
            reports[key] = ResourceStats(*key, is_done=True)
            run.resources.append(reports[key])
        reports[key].pages += 1
        entity = page.resource.entity
        waiting[entity].append(normalizers[entity].check_page(page))
        sizes[entity] += len(page.records)
        if sizes[entity] >= BATCH_BYTES:
            del sizes[entity]
            yield _counted(normalizers[entity].normalize(waiting.pop(entity)), reports, on_progress)
    for entity, checked in waiting.items():
        yield _counted(normalizers[entity].normalize(checked), reports, on_progress)


def _counted(
    batch: Batch, reports: dict[tuple[str, str], ResourceStats], on_progress: ProgressCallback
) -> Batch:
    for key in batch.seen:
        reports[key].add(batch)
        on_progress(reports[key])
    return batch
