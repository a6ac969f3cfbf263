"""The warehouse file: the only module that knows it is a local DuckDB.

API: https://duckdb.org/docs/stable/clients/python/overview
"""

import errno
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from pipelines.foundation.errors import WarehouseError
from pipelines.foundation.paths import spill_dir, warehouse_path

Config = dict[str, str | bool | int | float | list[str]]

NAME = "warehouse"  # as which its file is attached
MIN_FREE_BYTES = 256 * 1024 * 1024
MEMORY_LIMIT = "250MB"
# rows, which only an attached file can be told; one thread compresses a group, and most tables are
# one group of DuckDB's own 122,880
ROW_GROUP = 30_720
COPY_MEMORY_LIMIT = "2GB"  # a sort of everything wants more than a merge of what is new
NO_SPACE = ("No space left", "could not write", "Could not write")


@contextmanager
def connect(data_dir: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the warehouse, closed in any case.

    Errors: WarehouseError when another process holds it open, or the disk is full.
    """
    if not read_only:
        _make_room(data_dir)
    config: Config = {
        "memory_limit": MEMORY_LIMIT,
        "threads": 2,
        "preserve_insertion_order": False,  # no table has one, and keeping it takes one thread
        "temp_directory": f"{warehouse_path(data_dir)}.tmp",
    }
    how = "read_only" if read_only else f"row_group_size {ROW_GROUP}"
    with _attached_to_memory(data_dir, NAME, how, config) as connection:
        connection.execute(f"use {NAME}")
        yield connection


@contextmanager
def attach_read_only(data_dir: Path, name: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory to which the warehouse is attached, to be read only, under a name.

    Errors: WarehouseError when there is none, another process writes it, or the disk is full.
    """
    spilled = spill_dir(data_dir)
    config: Config = {"memory_limit": COPY_MEMORY_LIMIT, "temp_directory": str(spilled)}
    shutil.rmtree(spilled, ignore_errors=True)  # of a process that was killed
    with _attached_to_memory(data_dir, name, "read_only", config) as connection:
        connection.execute("set enable_progress_bar = false")
        yield connection
    shutil.rmtree(spilled, ignore_errors=True)


@contextmanager
def _attached_to_memory(
    data_dir: Path, name: str, how: str, config: Config
) -> Iterator[duckdb.DuckDBPyConnection]:
    path = warehouse_path(data_dir)
    with closing(duckdb.connect(config=config)) as connection:
        connection.execute("set timezone = 'UTC'")
        try:
            escaped = str(path).replace("'", "''")
            connection.execute(f"attach '{escaped}' as {name} ({how})")
        except (duckdb.IOException, duckdb.ResourceInUseException) as error:
            raise WarehouseError(_why_not_opened(path, error)) from error
        try:
            yield connection
        except (duckdb.Error, OSError) as error:
            if is_disk_full(error):
                raise WarehouseError(
                    f"{path}: the disk is full. Free some space; nothing is lost."
                ) from error
            raise


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, comes from a disk without space."""
    while error is not None:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            return True
        if isinstance(error, duckdb.Error) and any(words in str(error) for words in NO_SPACE):
            return True
        error = error.__cause__ or error.__context__
    return False


def _make_room(data_dir: Path) -> None:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(f"{data_dir}: cannot be made ({error.strerror}).") from error
    free = shutil.disk_usage(data_dir).free
    if free < MIN_FREE_BYTES:
        raise WarehouseError(
            f"{data_dir}: only {free // 2**20} MB are free on its disk; "
            f"a load wants at least {MIN_FREE_BYTES // 2**20} MB."
        )


def _why_not_opened(path: Path, error: duckdb.Error) -> str:
    text = str(error)
    if isinstance(error, duckdb.ResourceInUseException):
        return f"{path} is held open by this process. Close the other connection first."
    if "lock" in text.lower():
        holder = text.partition("Conflicting lock is held in ")[2].split(". See")[0]
        return (
            f"{path} is held open by another process ({holder or 'unknown'}). "
            "Close it there; BI tools should open the published snapshot instead."
        )
    if not path.exists():
        return f"{path} does not exist yet. Run `gigstack-etl load` first."
    return f"{path} cannot be opened: {text.splitlines()[0]}"
