"""Loads batches of rows into the warehouse with dlt.

API: https://dlthub.com/docs/general-usage/pipeline
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import dlt
import duckdb
import pyarrow as pa
from dlt.common.pipeline import LoadInfo
from dlt.pipeline.exceptions import PipelineStepFailed

from pipelines import warehouse
from pipelines.foundation.errors import GigstackError, WarehouseError
from pipelines.foundation.paths import dlt_dir
from pipelines.gigstack.normalize.batch import Batch
from pipelines.gigstack.normalize.normalizer import Normalizers
from pipelines.gigstack.source import WATERMARKS, Watermarks, gigstack
from pipelines.load import dlt_cleanup
from pipelines.load.incremental import valid_watermarks
from pipelines.warehouse.lost_tables import rebuilt_at

Tables = dict[str, pa.Table]

LOADER_WORKERS = 2
CHUNK_ROWS = 120_000  # over all tables
CONNECTION_PRAGMAS = [  # for the connections that dlt opens itself
    f"search_path='{warehouse.NAME}.main'",  # where dlt looks for its dataset
    # dlt sets 1 GB, which writes all rows twice: to the log, and to the file at the end
    "checkpoint_threshold='16MB'",
]


@dataclass(frozen=True)
class Chunk:
    """Rows to load together, by table."""

    tables: Tables
    is_last: bool


def open_loader(data_dir: Path, connection: duckdb.DuckDBPyConnection) -> "DltLoader":
    """Configure dlt for this process, and return the loader of a data directory."""
    configure_dlt()
    return DltLoader(data_dir, connection)


def configure_dlt() -> None:
    """Set dlt's configuration and logging. Both are global to the process."""
    dlt.config["extract.next_item_mode"] = "fifo"  # else dlt takes several chunks before it writes
    dlt.config["load.workers"] = LOADER_WORKERS
    dlt.config["load.truncate_staging_dataset"] = True
    dlt.config["load.delete_completed_jobs"] = True
    dlt.config["destination.duckdb.credentials.pragmas"] = CONNECTION_PRAGMAS
    logging.getLogger("dlt").addFilter(_filter_log)


def _filter_log(record: logging.LogRecord) -> bool:
    """Drop tracebacks, since the error itself is reported once at the end, and the warning that
    Arrow carries JSON columns as text.
    """
    record.exc_info = record.exc_text = None
    return "merging arrow schema with dlt schema" not in str(record.msg)


class DltLoader:
    """Loads into the warehouse behind `connection`; dlt keeps its files below `data_dir`."""

    def __init__(self, data_dir: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self._data_dir = data_dir
        self._connection = connection

    def pipeline(self) -> dlt.Pipeline:
        """The pipeline in its present state, which dlt reads from its directory."""
        return dlt.pipeline(
            dlt_cleanup.PIPELINE,
            destination=dlt.destinations.duckdb(self._connection),
            dataset_name=warehouse.SCHEMA,
            pipelines_dir=str(dlt_dir(self._data_dir)),
        )

    def read_watermarks(self) -> Watermarks:
        """The watermarks in dlt's state: from its directory, or else from the warehouse.
        One that is older than a table of its entity does not count.
        """
        pipeline = self.pipeline()
        if not pipeline.state.get("sources"):
            pipeline.sync_destination()
        sources = pipeline.state.get("sources", {})
        watermarks: Watermarks = sources.get("gigstack", {}).get(WATERMARKS, {})
        return valid_watermarks(watermarks, rebuilt_at(self._connection))

    def load_pending_packages(self) -> None:
        """Load what an interrupted run extracted and did not load."""
        if aside := dlt_cleanup.set_damaged_aside(self._data_dir):
            logging.getLogger(__name__).warning(
                "dlt could not read its own files, now in %s. It goes on from the warehouse.", aside
            )
        dlt_cleanup.remove_leftovers(self._data_dir)
        if dlt_cleanup.pending(self._data_dir):
            self.pipeline().run()
            warehouse.drop_repeated_rows(self._connection)

    def load(
        self,
        batches: Iterable[Batch],
        new_tables: Tables,
        normalizers: Normalizers,
        watermarks: Callable[[], Watermarks],
    ) -> dict[str, float]:
        """Load batches, create the new tables, and store the watermarks with the last rows.

        Only tables that get rows take part; without any row only the watermarks are stored. Returns
        the seconds that each table took.

        Raises:
            WarehouseError: The disk is full.
            GigstackError: What reading the batches failed with.
        """
        chunks = collect_chunks(batches, new_tables)
        every_table = {name for normalizer in normalizers.values() for name in normalizer.columns}
        if new_tables:  # all take part, so that dlt gets ready while the first answers come in
            return self._run(chunks, every_table, normalizers, watermarks)
        first = next(chunks)
        if not first.is_last:
            return self._run(chain([first], chunks), every_table, normalizers, watermarks)
        if first.tables:
            return self._run([first], first.tables, normalizers, watermarks)
        self._store_watermarks(watermarks())
        return {}

    def _run(
        self,
        chunks: Iterable[Chunk],
        tables: Collection[str],
        normalizers: Normalizers,
        watermarks: Callable[[], Watermarks],
    ) -> dict[str, float]:
        source = gigstack((chunk.tables for chunk in chunks), normalizers, tables, watermarks)
        try:
            info = self.pipeline().run(source, loader_file_format="parquet")
        except PipelineStepFailed as error:
            raise self._unwrapped(error) from error
        return _seconds_by_table(info)

    def _store_watermarks(self, watermarks: Watermarks) -> None:
        with self.pipeline().managed_state() as state:
            state.setdefault("sources", {}).setdefault("gigstack", {})[WATERMARKS] = watermarks

    def _unwrapped(self, error: BaseException) -> BaseException:
        """The error behind a failure of dlt: a full disk, one of this program's, or the failure."""
        if warehouse.is_disk_full(error):
            return WarehouseError(
                f"{self._data_dir}: the disk is full. Free some space and load again."
            )
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, GigstackError):
                return cause
            cause = cause.__cause__ or cause.__context__
        return error


def collect_chunks(batches: Iterable[Batch], new_tables: Tables) -> Iterator[Chunk]:
    """Collect batches into chunks, since each table that dlt takes has a fixed cost.

    The new tables come with the first chunk. There is at least one chunk, which may be empty.
    """
    waiting: dict[str, list[pa.Table]] = defaultdict(list)
    for name, rows in new_tables.items():
        waiting[name].append(rows)
    for batch in batches:
        for name, rows in batch.tables.items():
            if rows.num_rows:
                waiting[name].append(rows)
        if sum(len(rows) for tables in waiting.values() for rows in tables) >= CHUNK_ROWS:
            tables = _concatenated(waiting)
            waiting.clear()
            yield Chunk(tables, is_last=False)
    yield Chunk(_concatenated(waiting), is_last=True)


def _concatenated(waiting: dict[str, list[pa.Table]]) -> Tables:
    return {name: pa.concat_tables(tables) for name, tables in waiting.items()}


def _seconds_by_table(info: LoadInfo) -> dict[str, float]:
    seconds: dict[str, float] = defaultdict(float)
    for metrics in info.metrics.values():
        for job in metrics[0]["job_metrics"].values():
            if job.finished_at:
                seconds[job.table_name] += (job.finished_at - job.started_at).total_seconds()
    return seconds
