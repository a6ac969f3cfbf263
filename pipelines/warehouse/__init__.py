"""The warehouse: its connection, its tables, and the log of runs in schema `ops`."""

from pipelines.foundation.paths import warehouse_path
from pipelines.warehouse.connection import (
    NAME,
    attach_read_only,
    connect,
    is_disk_full,
)
from pipelines.warehouse.tables import (
    KINDS,
    SCHEMA,
    active_rows,
    count,
    drop_repeated_rows,
    known_rows,
    rows_of,
    table_names,
)

__all__ = [
    "KINDS",
    "NAME",
    "SCHEMA",
    "attach_read_only",
    "count",
    "drop_repeated_rows",
    "is_disk_full",
    "known_rows",
    "active_rows",
    "connect",
    "rows_of",
    "table_names",
    "warehouse_path",
]
