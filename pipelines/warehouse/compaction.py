"""Makes the warehouse file compact again, once more than half of it is free space.

DuckDB uses free space again and gives back only what lies at the end of a file. What tables that
are rebuilt every night leave in between adds up over the years.
API: https://duckdb.org/docs/stable/operations_manual/footprint_of_duckdb/reclaiming_space
"""

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.foundation.atomic_write import flush
from pipelines.foundation.errors import WarehouseError
from pipelines.foundation.paths import compacted_path, warehouse_path, write_ahead_log_path
from pipelines.warehouse.connection import NAME, attach_read_only
from pipelines.warehouse.copying import copy_compact

MAX_BLOAT = 2  # times the size of what the file holds
MIN_BYTES = 64 * 2**20  # a smaller file is not worth it
_BLOCKS = (
    "select block_size * total_blocks, block_size * used_blocks from pragma_database_size() "
    "where database_name = $database"
)


@dataclass(frozen=True)
class Compaction:
    """Sizes of the file in bytes."""

    before: int
    after: int


def is_bloated(connection: duckdb.DuckDBPyConnection, min_bytes: int = MIN_BYTES) -> bool:
    """Whether the attached warehouse is twice as large as what it holds; takes a millisecond."""
    total, used = connection.execute(_BLOCKS, {"database": NAME}).fetchone() or (0, 0)
    return bool(total >= min_bytes and total >= MAX_BLOAT * used)


def compact(data_dir: Path, min_bytes: int = MIN_BYTES) -> Compaction | None:
    """Replace the file by a compact copy, if it is bloated. The caller holds the lock, and has no
    connection; readers keep the file that they have open. If anything fails, the file stays as it
    is, and a warning says why.
    """
    remove_unfinished(data_dir)
    try:
        return _compact(data_dir, min_bytes)
    except (WarehouseError, duckdb.Error, OSError) as error:
        logging.getLogger(__name__).warning("The warehouse was not compacted: %s", error)
        remove_unfinished(data_dir)
        return None


def remove_unfinished(data_dir: Path) -> None:
    """Remove what a killed compaction has left."""
    path = compacted_path(data_dir)
    for leftover in (path, write_ahead_log_path(path)):
        leftover.unlink(missing_ok=True)


def _compact(data_dir: Path, min_bytes: int) -> Compaction | None:
    path, copy = warehouse_path(data_dir), compacted_path(data_dir)
    with attach_read_only(data_dir, NAME) as connection:  # until the end: it keeps writers out
        if not is_bloated(connection, min_bytes) or write_ahead_log_path(path).exists():
            return None
        before = path.stat().st_size
        free = shutil.disk_usage(data_dir).free
        if free < before:
            raise WarehouseError(f"{data_dir} has {free:,} bytes free, and it takes {before:,}.")
        copy_compact(connection, NAME, copy)
        shutil.copymode(path, copy)
        copy.replace(path)
        flush(data_dir)
    return Compaction(before, path.stat().st_size)
