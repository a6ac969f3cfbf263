"""The warehouse file: the only module that knows it is a local DuckDB.

API: https://duckdb.org/docs/stable/clients/python/overview
"""

import errno
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from pipelines.foundation.errors import WarehouseBusyError, WarehouseError
from pipelines.foundation.paths import spill_dir, warehouse_path
from pipelines.foundation.sql_text import literal

Config = dict[str, str | bool | int | float | list[str]]

NAME = "warehouse"  # the name under which the file is attached
MIN_FREE_BYTES = 256 * 1024 * 1024
MEMORY_LIMIT = "250MB"
# One thread compresses one row group. With DuckDB's default of 122,880 rows most tables would be a
# single group, and one thread would do all the work. Only `attach` takes this setting.
ROW_GROUP_SIZE = 30_720
COPY_MEMORY_LIMIT = "2GB"  # sorting whole tables takes more memory than merging new rows
NO_SPACE_MESSAGES = ("No space left", "could not write", "Could not write")


@contextmanager
def connect(data_dir: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect to the warehouse; the connection is closed when the block ends.

    Raises:
        WarehouseError: Another process has the file open, or the disk is full.
    """
    if not read_only:
        _create_data_dir(data_dir)
    config: Config = {
        "memory_limit": MEMORY_LIMIT,
        "threads": 2,
        "preserve_insertion_order": False,  # no table needs it, and it would cost a thread
        "temp_directory": f"{warehouse_path(data_dir)}.tmp",
    }
    mode = "read_only" if read_only else f"row_group_size {ROW_GROUP_SIZE}"
    with _attach(data_dir, NAME, mode, config) as connection:
        connection.execute(f"use {NAME}")
        yield connection


@contextmanager
def attach_read_only(data_dir: Path, name: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect to an in-memory database to which the warehouse is attached under a name.

    Raises:
        WarehouseError: There is no warehouse, another process writes it, or the disk is full.
    """
    spill = spill_dir(data_dir)
    config: Config = {"memory_limit": COPY_MEMORY_LIMIT, "temp_directory": str(spill)}
    shutil.rmtree(spill, ignore_errors=True)  # a killed process may have left some
    with _attach(data_dir, name, "read_only", config) as connection:
        connection.execute("set enable_progress_bar = false")
        yield connection
    shutil.rmtree(spill, ignore_errors=True)


@contextmanager
def _attach(
    data_dir: Path, name: str, mode: str, config: Config
) -> Iterator[duckdb.DuckDBPyConnection]:
    path = warehouse_path(data_dir)
    with closing(duckdb.connect(config=config)) as connection:
        connection.execute("set timezone = 'UTC'")
        try:
            connection.execute(f"attach {literal(str(path))} as {name} ({mode})")
        except duckdb.Error as error:
            raise _connect_error(path, error) from error
        try:
            yield connection
        except (duckdb.Error, OSError) as error:
            if is_disk_full(error):
                raise WarehouseError(
                    f"{path}: the disk is full. Free some space; no data is lost."
                ) from error
            raise


def is_disk_full(error: BaseException | None) -> bool:
    """Whether a full disk caused this error, directly or indirectly."""
    while error is not None:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            return True
        if isinstance(error, duckdb.Error) and any(m in str(error) for m in NO_SPACE_MESSAGES):
            return True
        error = error.__cause__ or error.__context__
    return False


def _create_data_dir(data_dir: Path) -> None:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(f"{data_dir} cannot be created: {error.strerror}.") from error
    free = shutil.disk_usage(data_dir).free
    if free < MIN_FREE_BYTES:
        raise WarehouseError(
            f"{data_dir}: only {free // 2**20} MB are free on this disk; "
            f"a load needs at least {MIN_FREE_BYTES // 2**20} MB."
        )


def _connect_error(path: Path, error: duckdb.Error) -> WarehouseError:
    """Why the file cannot be opened, and what to do about it."""
    message = str(error)
    if isinstance(error, duckdb.ResourceInUseException):
        return WarehouseBusyError(
            f"{path} is held open by this process. Close the other connection first."
        )
    if "Could not set lock" in message:
        holder = message.partition("Conflicting lock is held in ")[2].split(". See")[0]
        return WarehouseBusyError(
            f"{path} is held open by another process ({holder or 'unknown'}). "
            "Close it there; BI tools should open the published snapshot instead."
        )
    if not path.exists():
        return WarehouseError(f"{path} does not exist yet. Run `gigstack-etl load` first.")
    return WarehouseError(
        f"{path} cannot be opened: {message.splitlines()[0]} If there is a backup, "
        "`gigstack-etl restore --from DIR` brings it back."
    )
