"""The warehouse: its connection, its tables, and the log of runs in schema `ops`."""

from pipelines.foundation.paths import warehouse_path
from pipelines.warehouse.connection import NAME, attach_read_only, connect, is_disk_full
from pipelines.warehouse.tables import (
    KIND_COLUMNS,
    SCHEMA,
    active_rows,
    count,
    drop_repeated_rows,
    known_rows,
    livemode_of,
    rows_of,
    table_names,
)

__all__ = [
    "KIND_COLUMNS",
    "NAME",
    "SCHEMA",
    "active_rows",
    "attach_read_only",
    "connect",
    "count",
    "drop_repeated_rows",
    "is_disk_full",
    "known_rows",
    "livemode_of",
    "rows_of",
    "table_names",
    "warehouse_path",
]
