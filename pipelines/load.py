"""Extract and load: one run from the API to the warehouse and its ledger."""

import asyncio
import logging
import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import dlt
import duckdb
import pyarrow as pa
from dlt.pipeline.exceptions import PipelineStepFailed
from filelock import FileLock, Timeout

from pipelines import ledger, warehouse
from pipelines.gigstack.account import find_teams
from pipelines.gigstack.catalogue import ENTITIES, STREAMS, Scope, Stream
from pipelines.gigstack.client import connected
from pipelines.gigstack.errors import (
    ConfigurationError,
    GigstackError,
    NothingReadError,
    WarehouseError,
)
from pipelines.gigstack.extract import Assignment, Extraction
from pipelines.gigstack.normalize import EntityNormalizer, Normalizers, normalizing_database
from pipelines.gigstack.reports import Watcher
from pipelines.gigstack.settings import Settings
from pipelines.gigstack.source import empty_tables, gigstack
from pipelines.ledger import RunReport

LOADER_WORKERS = 2
ROWS_TOGETHER = 80_000  # over all tables


def load(
    settings: Settings, data_dir: Path, streams: Sequence[Stream], watch: Watcher
) -> RunReport:
    """Read the streams of every team and merge what is new or changed into the warehouse.

    Errors: AuthenticationError, ConfigurationError, WarehouseError. What a stream fails at is in
    the report, not raised.
    """
    started_at = datetime.now(UTC)
    run_id = f"{started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    run = RunReport(run_id, "full", started_at)
    with _only_run(data_dir), warehouse.opened(data_dir) as connection:
        ledger.prepare(connection)
        try:
            _load(run, settings, data_dir, streams, watch, connection)
        except GigstackError as error:
            run.message = str(error)
            raise
        finally:
            if run.message is None and not run.streams:
                run.message = "the run did not finish"
            ledger.record(connection, run)
    return run


def _load(
    run: RunReport,
    settings: Settings,
    data_dir: Path,
    streams: Sequence[Stream],
    watch: Watcher,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    key_team, run.teams = asyncio.run(find_teams(settings, run.finding_teams))
    if warehouse.pending_packages(data_dir):  # a run died while it loaded
        _pipeline(data_dir, connection).run()
        warehouse.drop_repeated_rows(connection)
    assignment = Assignment(
        streams,
        run.teams,
        key_team,
        settings.page_size,
        settings.max_concurrency,
        settings.documents_request_budget,
        ledger.checked_parents(connection),
    )
    ready: Future[Normalizers] = Future()
    extraction = Extraction(partial(connected, settings), assignment, ready, watch)
    extraction.start()  # the first answers come in while all else gets ready
    try:
        existing = warehouse.table_names(connection)
        normalizers = _normalizers(run, streams, connection, existing)
        ready.set_result(normalizers)
        missing = empty_tables(normalizers, existing)
        empty = [name for name, normalizer in normalizers.items() if not normalizer.known_rows]
        tables = gigstack(_tables(run, extraction, missing), normalizers, empty)
        info = _pipeline(data_dir, connection).run(tables, loader_file_format="parquet")
    except PipelineStepFailed as error:
        raise _own_error(error, data_dir) from error
    finally:
        ready.cancel()  # for who waits for it in vain
        extraction.stop()
    run.streams = list(extraction.reports.values())
    if run.streams and all(stream.status == "failed" for stream in run.streams):
        raise NothingReadError(f"Nothing could be read. {run.streams[0].error}")
    for metrics in info.metrics.values():
        for job in metrics[0]["job_metrics"].values():
            if job.finished_at:
                seconds = (job.finished_at - job.started_at).total_seconds()
                run.table_seconds[job.table_name] += seconds


def _own_error(error: BaseException, data_dir: Path) -> BaseException:
    """The reason that dlt wrapped: one of ours, a full disk, or the failure as it is."""
    if warehouse.is_disk_full(error):
        return WarehouseError(f"{data_dir}: the disk is full. Free some space and load again.")
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, GigstackError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return error


def _tables(
    run: RunReport, extraction: Extraction, missing: dict[str, pa.Table]
) -> Iterator[dict[str, pa.Table]]:
    """The missing tables, then all batches, several together: dlt has its price for each table
    it is handed.
    """
    waiting: dict[str, list[pa.Table]] = defaultdict(list)
    for name, rows in missing.items():
        waiting[name].append(rows)
    for batch in extraction.batches():
        run.add(batch)
        for name, rows in batch.tables.items():
            if rows.num_rows:
                waiting[name].append(rows)
        if sum(len(rows) for tables in waiting.values() for rows in tables) >= ROWS_TOGETHER:
            yield {name: pa.concat_tables(tables) for name, tables in waiting.items()}
            waiting.clear()
    yield {name: pa.concat_tables(tables) for name, tables in waiting.items()}


def _normalizers(
    run: RunReport,
    streams: Sequence[Stream],
    connection: duckdb.DuckDBPyConnection,
    existing: set[str],
) -> Normalizers:
    """One normalizer an entity, which knows what the warehouse has of it."""
    database = normalizing_database()
    normalizers = {}
    for name in _entities(streams):
        normalizers[name] = EntityNormalizer(ENTITIES[name], run.run_id, run.started_at, database)
        if known := warehouse.known_rows(connection, ENTITIES[name], existing):
            normalizers[name].remember(*known)
    return normalizers


def _entities(streams: Sequence[Stream]) -> list[str]:
    """The entities whose tables a run makes: those it reads, and with all that is not optional
    also those that are, so that a whole load leaves every table behind.
    """
    read = {stream.entity for stream in streams}
    is_whole = all(s.entity in read for s in STREAMS.values() if not s.is_optional)
    return [name for name in ENTITIES if is_whole or name in read]


def _pipeline(data_dir: Path, connection: duckdb.DuckDBPyConnection) -> dlt.Pipeline:
    dlt.config["load.workers"] = LOADER_WORKERS
    dlt.config["load.truncate_staging_dataset"] = True
    dlt.config["load.delete_completed_jobs"] = True
    logging.getLogger("dlt").addFilter(_is_news)
    return dlt.pipeline(
        warehouse.PIPELINE,
        destination=dlt.destinations.duckdb(connection),
        dataset_name=warehouse.SCHEMA,
        pipelines_dir=str(data_dir / warehouse.PIPELINES),
    )


def _is_news(record: logging.LogRecord) -> bool:
    """All that dlt logs, but for its warning that Arrow carries JSON columns as text."""
    return "merging arrow schema with dlt schema" not in str(record.msg)


@contextmanager
def _only_run(data_dir: Path) -> Iterator[None]:
    """Hold the data directory; a second run says who holds it, and leaves."""
    path = data_dir / "load.lock"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=0)
        lock.acquire()
    except Timeout as error:
        raise WarehouseError(f"Another load is running on {data_dir} (it holds {path}).") from error
    except OSError as error:
        raise WarehouseError(f"{data_dir}: cannot be written ({error.strerror}).") from error
    with lock:
        yield


def select_streams(names: Sequence[str], documents: Sequence[str]) -> list[Stream]:
    """The streams of a run, by stream or entity name; all that are not optional without names.

    Support documents bring the streams of their parents along, since these say whom to ask.
    """
    chosen = [s for s in STREAMS.values() if _is_wanted(s, names, documents)]
    unknown = [n for n in names if not any(n in (s.name, s.entity) for s in STREAMS.values())]
    if unknown:
        raise ConfigurationError(f"There is no resource {unknown[0]!r}.{_nearest(unknown[0])}")
    if not chosen:
        raise ConfigurationError(
            f"{', '.join(names)}: documents, under [sources.gigstack], names no parents to ask for."
        )
    parents = {stream.parents for stream in chosen if stream.scope is Scope.PARENT}
    return [s for s in STREAMS.values() if s in chosen or s.entity in parents]


def _is_wanted(stream: Stream, names: Sequence[str], documents: Sequence[str]) -> bool:
    if names and stream.name in names:
        return True
    if names and stream.entity not in names:
        return False
    if stream.scope is Scope.PARENT:
        return stream.parents in documents
    return not stream.is_optional


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    known = sorted({s.name for s in STREAMS.values()} | set(ENTITIES))
    close = get_close_matches(name, known, n=1, cutoff=0.4)
    return f" Did you mean {close[0]!r}?" if close else f" There are: {', '.join(known)}."
