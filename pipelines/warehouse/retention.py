"""Keeps the warehouse small: removes what only tells of runs that are long past, and free space.

Whatever later loads rely on stays, however old: for each list the newest good read, the newest
complete sweep and the newest read without a window, the runs they belong to, rejected records, and
dlt's newest states, which hold the watermarks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines.foundation.paths import LOADER_SQL, read_sql
from pipelines.warehouse.compaction import compact, is_bloated
from pipelines.warehouse.connection import connect
from pipelines.warehouse.settings import Retention
from pipelines.warehouse.tables import SCHEMA, table_names

DLT_TABLES = {"_dlt_loads", "_dlt_pipeline_state"}


@contextmanager
def kept_small(data_dir: Path, retention: Retention) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect to the warehouse; when the block has ended well, remove what is old, and compact the
    file if it has grown too large for what it holds. The caller holds the lock.

    Raises:
        WarehouseError: As `connect`.
    """
    with connect(data_dir) as connection:
        yield connection
        remove_old_rows(connection, retention, datetime.now(UTC))
        needs_compaction = is_bloated(connection)
    if needs_compaction:
        compact(data_dir)


def remove_old_rows(
    connection: duckdb.DuckDBPyConnection, retention: Retention, now: datetime
) -> None:
    """Remove rows about runs, in one transaction. Takes some milliseconds if there are none."""
    for name, age in (("runs_before", retention.runs), ("details_before", retention.details)):
        connection.execute(f"set variable {name} = $moment", {"moment": now - age})
    connection.begin()
    connection.execute(read_sql(LOADER_SQL / "retention" / "run_log.sql"))
    if table_names(connection, SCHEMA) >= DLT_TABLES:
        connection.execute(read_sql(LOADER_SQL / "retention" / "dlt.sql"))
    connection.commit()
