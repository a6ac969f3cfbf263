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
from pipelines.gigstack.api.paginators import records_of
from pipelines.gigstack.endpoints import ENTITIES, STREAMS, Stream
from pipelines.gigstack.extract.batching import BATCH_BYTES
from pipelines.gigstack.extract.stats import StreamReport, Watcher
from pipelines.gigstack.normalize.batch import Batch, Inspected, Page
from pipelines.gigstack.normalize.normalizer import Normalizers
from pipelines.gigstack.source import empty_tables
from pipelines.load.dlt_loader import (
    chunks,
    drain,
    normalizers_for,
    pipeline_in,
    watermarks_of,
    write,
)
from pipelines.load.run import new_run_id
from pipelines.warehouse import run_log
from pipelines.warehouse.run_log import RunReport


def replay(data_dir: Path, run_id: str, watch: Watcher) -> RunReport:
    """Normalize and load the pages that a run has journalled.

    Errors: ConfigurationError when there is no journal of that run; WarehouseError.
    """
    directory = response_logs_dir(data_dir)
    header = response_log.header_of(directory, run_id)
    pages = (
        Page(
            STREAMS[origin.stream],
            origin.team_id,
            records_of(read_envelope(body), STREAMS[origin.stream]),
            origin.parent_id,
        )
        for origin, body in response_log.answers(directory, run_id)
    )
    streams = [STREAMS[name] for name in header.question["streams"]]
    with _again(data_dir, "replay", header.started_at) as (run, connection):
        _load(run, data_dir, connection, streams, pages, header.started_at, watch)
    return run


def retry_rejects(data_dir: Path, watch: Watcher) -> RunReport:
    """Try every rejected record again; what loads now is no reject any more.

    Errors: WarehouseError.
    """
    with _again(data_dir, run_log.RETRY) as (run, connection):
        for seen_at, found in groupby(run_log.open_rejects(connection), itemgetter(1)):
            pages = [
                Page(STREAMS[r.stream], r.team_id, f"[{r.raw}]".encode(), r.parent_id)
                for r, _ in found
            ]
            streams = list(dict.fromkeys(page.stream for page in pages))
            _load(run, data_dir, connection, streams, pages, seen_at, watch)
    return run


@contextmanager
def _again(
    data_dir: Path, mode: str, as_of: datetime | None = None
) -> Iterator[tuple[RunReport, duckdb.DuckDBPyConnection]]:
    """A run on a warehouse in which nothing is pending, and its ledger."""
    started_at = datetime.now(UTC)
    run = RunReport(new_run_id(started_at), mode, started_at, as_of=as_of)
    with exclusive_run(data_dir), warehouse.opened(data_dir) as connection:
        run_log.prepare(connection)
        with run_log.recorded(connection, run):
            drain(data_dir, connection)
            yield run, connection
            run.teams = tuple(dict.fromkeys(report.team_id for report in run.streams))


def _load(
    run: RunReport,
    data_dir: Path,
    connection: duckdb.DuckDBPyConnection,
    streams: Sequence[Stream],
    pages: Iterable[Page],
    as_of: datetime,
    watch: Watcher,
) -> None:
    """Load pages that were fetched at a moment; newer rows stay, the others are written anew."""
    existing = warehouse.table_names(connection)
    normalizers = normalizers_for(run, streams, connection, existing, as_of)
    marks = watermarks_of(pipeline_in(data_dir, connection))
    later = _read_later(connection, as_of)
    batches = (_without_links(batch, later) for batch in _batches(run, pages, normalizers, watch))
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
    return {(team, STREAMS[stream].kind) for team, stream in rows if STREAMS[stream].parents}


def _without_links(batch: Batch, later: Collection[tuple[str, str | None]]) -> Batch:
    """Links tell no time: those of parents that were asked again are as they were found then."""
    for link in (link for entity in ENTITIES.values() for link in entity.links):
        if (rows := batch.tables.get(link.name)) is not None:
            parents: Any = rows.select(["team_id", "parent_type"]).to_pydict()
            is_news = [one not in later for one in zip(*parents.values(), strict=True)]
            batch.tables[link.name] = rows.filter(pa.array(is_news, pa.bool_()))
    return batch


def _batches(
    run: RunReport, pages: Iterable[Page], normalizers: Normalizers, watch: Watcher
) -> Iterator[Batch]:
    waiting: dict[str, list[Inspected]] = defaultdict(list)
    sizes: Counter[str] = Counter()
    reports = {(report.stream, report.team_id): report for report in run.streams}
    for page in pages:
        key = (page.stream.name, page.team_id)
        if key not in reports:
            reports[key] = StreamReport(*key, is_done=True)
            run.streams.append(reports[key])
        reports[key].pages += 1
        entity = page.stream.entity
        waiting[entity].append(normalizers[entity].inspect(page))
        sizes[entity] += len(page.records)
        if sizes[entity] >= BATCH_BYTES:
            del sizes[entity]
            yield _counted(normalizers[entity].normalize(waiting.pop(entity)), reports, watch)
    for entity, inspected in waiting.items():
        yield _counted(normalizers[entity].normalize(inspected), reports, watch)


def _counted(batch: Batch, reports: dict[tuple[str, str], StreamReport], watch: Watcher) -> Batch:
    for key in batch.seen:
        reports[key].add(batch)
        watch(reports[key])
    return batch
