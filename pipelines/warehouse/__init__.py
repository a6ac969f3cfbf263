"""The warehouse: its connection, its tables, and the log of runs in schema `ops`."""

from pipelines.foundation.paths import warehouse_path
from pipelines.warehouse.connection import (
    NAME,
    attached,
    is_disk_full,
    opened,
)
from pipelines.warehouse.tables import (
    KINDS,
    SCHEMA,
    count,
    drop_repeated_rows,
    known_rows,
    live_rows,
    rows_of,
    table_names,
)

__all__ = [
    "KINDS",
    "NAME",
    "SCHEMA",
    "attached",
    "count",
    "drop_repeated_rows",
    "is_disk_full",
    "known_rows",
    "live_rows",
    "opened",
    "rows_of",
    "table_names",
    "warehouse_path",
]
