"""The dlt source: one dlt resource per warehouse table, fed by batches of Arrow tables.

One pass over the API delivers parents and children: an unselected dlt resource yields each batch,
and every table takes its own part of it. Tables merge by the key of their root, so that a parent
that is written again replaces all its children.
API: https://dlthub.com/docs/general-usage/resource
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import dlt
import pyarrow as pa
from dlt.extract import DltResource

from pipelines.gigstack.endpoint_types import Table
from pipelines.gigstack.endpoints import ENTITIES
from pipelines.gigstack.normalize.arrow import UTC_TIME
from pipelines.gigstack.normalize.change_detection import key_columns
from pipelines.gigstack.normalize.normalizer import (
    TOMBSTONE,
    EntityNormalizer,
    Normalizers,
)

Watermarks = dict[str, dict[str, str]]  # by team and resource: ISO 8601, UTC
WATERMARKS = "watermarks"  # their key in the state of the dlt source
MERGE = {"disposition": "merge", "strategy": "delete-insert"}

DLT_TYPES: dict[str, dict[str, Any]] = {
    "VARCHAR": {"data_type": "text"},
    "JSON": {"data_type": "json"},
    "BOOLEAN": {"data_type": "bool"},
    "BIGINT": {"data_type": "bigint"},
    "DOUBLE": {"data_type": "double"},
    "DATE": {"data_type": "date"},
    "DECIMAL(18,6)": {"data_type": "decimal", "precision": 18, "scale": 6},
    "TIMESTAMP WITH TIME ZONE": {"data_type": "timestamp", "timezone": True, "precision": 6},
}

ARROW_TYPES: dict[str, pa.DataType] = {
    "VARCHAR": pa.string(),
    "JSON": pa.string(),
    "BOOLEAN": pa.bool_(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "DATE": pa.date32(),
    "DECIMAL(18,6)": pa.decimal128(18, 6),
    "TIMESTAMP WITH TIME ZONE": UTC_TIME,
}


@dlt.source(name="gigstack", max_table_nesting=0)
def gigstack(
    batches: Iterable[dict[str, pa.Table]],
    normalizers: Normalizers,
    tables: Collection[str],
    watermarks: Callable[[], Watermarks],
) -> Iterator[DltResource]:
    """A dlt resource for each of these tables, with all its declared columns.

    If the warehouse has no row of an entity, its tables are appended, which takes half the time of
    a merge. `watermarks` is called after the last batch; dlt commits its result to the state
    together with the rows.
    """

    @dlt.resource(name="batches", selected=False)
    def all_batches() -> Iterator[dict[str, pa.Table]]:
        yield from batches
        dlt.current.source_state()[WATERMARKS] = watermarks()

    for name, normalizer in normalizers.items():
        for table in ENTITIES[name].tables:
            if table.name in tables:
                is_empty = not normalizer.change_detector.size
                yield _table_resource(all_batches, table, normalizer, is_empty)


def _table_resource(
    batches: DltResource, table: Table, normalizer: EntityNormalizer, is_empty: bool
) -> DltResource:
    def rows(batch: dict[str, pa.Table]) -> Iterator[pa.Table]:
        if table.name in batch:
            yield batch[table.name]

    merge_table = table if table.parent is None else normalizer.entity.root
    return dlt.transformer(  # type: ignore[call-overload, no-any-return]
        rows,
        data_from=batches,
        name=table.name,
        write_disposition="append" if is_empty else MERGE,
        merge_key=list(key_columns(merge_table)),
        columns=_columns(table, normalizer, is_empty),
    )


def _columns(
    table: Table, normalizer: EntityNormalizer, is_empty: bool
) -> dict[str, dict[str, Any]]:
    """dlt's hints. Each column has a dictionary of its own, since dlt modifies them."""
    hints = {
        name: {"name": name, "nullable": True, **DLT_TYPES[kind]}
        for name, kind in normalizer.columns[table.name].items()
    }
    for name in key_columns(table):
        hints[name]["nullable"] = False
    if TOMBSTONE in hints:
        hints[TOMBSTONE]["hard_delete"] = not is_empty
        for name in key_columns(table):
            hints[name]["nullable"] = name not in key_columns(normalizer.entity.root)
    return hints


def empty_tables(normalizers: Normalizers, existing: set[str]) -> dict[str, pa.Table]:
    """A table without rows for each that the warehouse lacks.

    With them, every declared column exists from the first run on.
    """
    return {
        table: pa.schema(
            [(name, ARROW_TYPES[kind]) for name, kind in columns.items()]
        ).empty_table()
        for normalizer in normalizers.values()
        for table, columns in normalizer.columns.items()
        if table not in existing
    }
