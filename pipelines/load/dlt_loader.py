"""From batches of rows to the warehouse, by dlt."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path

import dlt
import duckdb
import pyarrow as pa
from dlt.pipeline.exceptions import PipelineStepFailed

from pipelines import warehouse
from pipelines.foundation.errors import GigstackError, WarehouseError
from pipelines.foundation.paths import dlt_dir
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES, Resource
from pipelines.gigstack.normalize.batch import Batch
from pipelines.gigstack.normalize.normalizer import (
    EntityNormalizer,
    Normalizers,
    normalizing_database,
)
from pipelines.gigstack.source import WATERMARKS, Watermarks, gigstack
from pipelines.load import dlt_cleanup
from pipelines.warehouse.run_log import LoadResult

Tables = dict[str, pa.Table]

LOADER_WORKERS = 2
ROWS_TOGETHER = 120_000  # over all tables
PRAGMAS = [  # of each connection that dlt makes for itself
    f"search_path='{warehouse.NAME}.main'",  # where it looks for its dataset
    # dlt sets 1 GB: all rows are then written twice, to the log first, and the file at the end
    "checkpoint_threshold='16MB'",
]


def normalizers_for(
    run: LoadResult,
    resources: Sequence[Resource],
    connection: duckdb.DuckDBPyConnection,
    existing: set[str],
    rewriting: datetime | None = None,
) -> Normalizers:
    """One normalizer an entity, which knows what the warehouse has of it."""
    database = normalizing_database()
    normalizers = {}
    for name in _entities(resources):
        normalizers[name] = EntityNormalizer(ENTITIES[name], run.run_id, run.started_at, database)
        if held := warehouse.known_rows(connection, ENTITIES[name], existing, rewriting):
            normalizers[name].change_detector.remember(*held)
    return normalizers


def _entities(resources: Sequence[Resource]) -> list[str]:
    """The entities whose tables a run makes: those it reads, and with all that is not optional
    also those that are, so that a whole load leaves every table behind.
    """
    read = {resource.entity for resource in resources}
    is_whole = all(s.entity in read for s in RESOURCES.values() if not s.is_optional)
    return [name for name in ENTITIES if is_whole or name in read]


def watermarks_of(pipeline: dlt.Pipeline) -> Watermarks:
    """The watermarks in dlt's state: that of this directory, or the one in the warehouse."""
    if not pipeline.state.get("sources"):
        pipeline.sync_destination()
    found: Watermarks = pipeline.state.get("sources", {}).get("gigstack", {}).get(WATERMARKS, {})
    return found


def load_pending_packages(data_dir: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """Load what a run that died while it loaded has left behind."""
    dlt_cleanup.remove_leftovers(data_dir)
    if dlt_cleanup.pending(data_dir):
        pipeline_in(data_dir, connection).run()
        warehouse.drop_repeated_rows(connection)


def write(
    run: LoadResult,
    data_dir: Path,
    connection: duckdb.DuckDBPyConnection,
    parts: Iterator[tuple[Tables, bool]],
    normalizers: Normalizers,
    watermarks: Callable[[], Watermarks],
) -> None:
    """Have dlt load these parts: only into tables that get rows, and not at all without any."""
    first, is_last = next(parts)
    pipeline = pipeline_in(data_dir, connection)
    if is_last and not first:
        with pipeline.managed_state() as state:
            state.setdefault("sources", {}).setdefault("gigstack", {})[WATERMARKS] = watermarks()
        return
    tables = set(first) if is_last else {name for n in normalizers.values() for name in n.columns}
    batches = chain([first], (part for part, _ in parts))
    source = gigstack(batches, normalizers, tables, watermarks)
    try:
        info = pipeline.run(source, loader_file_format="parquet")
    except PipelineStepFailed as error:
        raise _own_error(error, data_dir) from error
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


def chunks(
    run: LoadResult, batches: Iterator[Batch], missing: Tables
) -> Iterator[tuple[Tables, bool]]:
    """The missing tables and all batches, several together, since dlt has its price for each table
    it is handed; and whether it is the last chunk.
    """
    waiting: dict[str, list[pa.Table]] = defaultdict(list)
    for name, rows in missing.items():
        waiting[name].append(rows)
    if missing:  # then all tables are for dlt, which gets ready while the first answers come in
        yield {}, False
    for batch in batches:
        run.add(batch)
        for name, rows in batch.tables.items():
            if rows.num_rows:
                waiting[name].append(rows)
        if sum(len(rows) for tables in waiting.values() for rows in tables) >= ROWS_TOGETHER:
            part = {name: pa.concat_tables(tables) for name, tables in waiting.items()}
            waiting.clear()
            yield part, False
    yield {name: pa.concat_tables(tables) for name, tables in waiting.items()}, True


def pipeline_in(data_dir: Path, connection: duckdb.DuckDBPyConnection) -> dlt.Pipeline:
    dlt.config["extract.next_item_mode"] = "fifo"  # else it takes some parts before it writes one
    dlt.config["load.workers"] = LOADER_WORKERS
    dlt.config["load.truncate_staging_dataset"] = True
    dlt.config["load.delete_completed_jobs"] = True
    dlt.config["destination.duckdb.credentials.pragmas"] = PRAGMAS
    logging.getLogger("dlt").addFilter(_is_news)
    return dlt.pipeline(
        dlt_cleanup.PIPELINE,
        destination=dlt.destinations.duckdb(connection),
        dataset_name=warehouse.SCHEMA,
        pipelines_dir=str(dlt_dir(data_dir)),
    )


def _is_news(record: logging.LogRecord) -> bool:
    """All that dlt logs, without tracebacks (errors are told once, at the end) and without its
    warning that Arrow carries JSON columns as text.
    """
    record.exc_info = record.exc_text = None
    return "merging arrow schema with dlt schema" not in str(record.msg)
