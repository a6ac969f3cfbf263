"""The warehouse file: the only module that knows it is a local DuckDB.

API: https://duckdb.org/docs/stable/clients/python/overview
"""

import errno
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.gigstack.catalogue import ENTITIES, Entity, Stream
from pipelines.gigstack.errors import WarehouseError
from pipelines.gigstack.known import key_columns
from pipelines.gigstack.words import known_words

Config = dict[str, str | bool | int | float | list[str]]

SCHEMA = "gigstack"
NAME = "warehouse"  # as which its file is attached
KINDS = {"invoices": "document_kind"}  # the column that tells the streams of an entity apart
LEAST_FREE_BYTES = 256 * 1024 * 1024
MEMORY_LIMIT = "250MB"
# rows, which only an attached file can be told; one thread compresses a group, and most tables are
# one group of DuckDB's own 122,880
ROW_GROUP = 30_720
SPILLED = "spilled"  # below the data directory: what a copy cannot hold in memory
COPY_MEMORY_LIMIT = "2GB"  # a sort of everything wants more than a merge of what is new
NO_SPACE = ("No space left", "could not write", "Could not write")


def warehouse_path(data_dir: Path) -> Path:
    return data_dir / "warehouse.duckdb"


@contextmanager
def opened(data_dir: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
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
def attached(data_dir: Path, name: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory to which the warehouse is attached, to be read only, under a name.

    Errors: WarehouseError when there is none, another process writes it, or the disk is full.
    """
    spilled = data_dir / SPILLED
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
    if free < LEAST_FREE_BYTES:
        raise WarehouseError(
            f"{data_dir}: only {free // 2**20} MB are free on its disk; "
            f"a load wants at least {LEAST_FREE_BYTES // 2**20} MB."
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


def table_names(connection: duckdb.DuckDBPyConnection, schema: str = SCHEMA) -> set[str]:
    rows = connection.execute(
        "select table_name from duckdb_tables() where schema_name = $schema",
        {"schema": schema},
    ).fetchall()
    return {name for (name,) in rows}


def known_rows(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    existing: set[str],
    rewriting: datetime | None = None,
) -> tuple[pa.Table, dict[str, pa.Table]] | None:
    """Keys, hashes and times of an entity's root, and the keys of its links; None before a load.

    `existing` are the names of the warehouse's tables. With `rewriting`, rows that were fetched
    later than that are newer than what is written now, and all others are to be written again.
    Odd are rows with an unknown word, which is to be told in every run.
    """
    if not {table.name for table in entity.tables} <= existing:
        return None
    columns = ", ".join((*key_columns(entity.root), "row_hash", "updated_at", "updated_at_basis"))
    of_its_run = "select max(window_end) from ops.run_streams where run_id = held.run_id"
    fetched_at = f"coalesce(({of_its_run}), loaded_at)" if rewriting else "loaded_at"
    words = known_words(entity.name)
    odd = (f"not list_contains(${name}, lower(trim(coalesce({name}, ''))))" for name in words)
    root: Any = connection.sql(
        f"select {columns}, deleted_at is not null as is_deleted, "
        f"coalesce({fetched_at} <= $rewriting, false) as is_rewritten, "
        f"coalesce({fetched_at} > $rewriting, false) as is_newer, "
        f"coalesce({' or '.join(odd) or 'false'}, false) as is_odd "
        f"from {SCHEMA}.{entity.root.name} as held",
        params={"rewriting": rewriting} | {name: ["", *known] for name, known in words.items()},
    ).to_arrow_table()
    links = {
        link.name: connection.sql(
            f"select {', '.join(key_columns(link))} from {SCHEMA}.{link.name}"
        ).to_arrow_table()
        for link in entity.links
    }
    return root, links


def live_rows(stream: Stream, team: str) -> tuple[str, str, dict[str, Any]]:
    """The rows of a stream and team that are not deleted: table, condition and its parameters."""
    table = f"{SCHEMA}.{ENTITIES[stream.entity].root.name}"
    live = "deleted_at is null"
    if stream.entity == "teams":  # each row is the team's own
        return table, live, {}
    live, values = f"{live} and team_id = $team", {"team": team}
    if kind := KINDS.get(stream.entity):
        return table, f"{live} and {kind} = $kind", values | {"kind": stream.kind}
    return table, live, values


def count(
    connection: duckdb.DuckDBPyConnection, rows: str, values: dict[str, Any] | None = None
) -> int:
    """How many rows a FROM clause has."""
    ((found,),) = connection.execute(f"select count(*) from {rows}", values).fetchall()
    return int(found)


def drop_repeated_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep one row of each key in every table.

    A run that dies between the commit of a file of rows and dlt's note of it has the same rows
    loaded again by the next one; where they are appended, they are then there twice.
    """
    existing = table_names(connection)
    for table in (table for entity in ENTITIES.values() for table in entity.tables):
        if table.name in existing:
            connection.execute(
                f"delete from {SCHEMA}.{table.name} where rowid in ("
                f"select rowid from {SCHEMA}.{table.name} qualify row_number() over "
                f"(partition by {', '.join(key_columns(table))} order by rowid) > 1)"
            )


def rows_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """A query's rows, by column name."""
    result = connection.execute(query)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
