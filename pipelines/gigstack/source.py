"""The dlt source: one resource per table of the catalogue, fed by batches of Arrow tables.

Parents and children come out of one pass over the API: an unselected resource yields each batch
and every table takes its own part of it. Tables merge by the key of their root, so that the
children of a parent that is written again are replaced as a whole.
API: https://dlthub.com/docs/general-usage/resource
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import dlt
import pyarrow as pa
from dlt.extract import DltResource

from pipelines.gigstack.endpoints import ENTITIES, Entity, Table
from pipelines.gigstack.normalize.arrow import UTC_TIME
from pipelines.gigstack.normalize.change_detection import key_columns
from pipelines.gigstack.normalize.normalizer import (
    TOMBSTONE,
    EntityNormalizer,
    Normalizers,
)

Watermarks = dict[str, dict[str, str]]  # by team and stream: ISO 8601, UTC
WATERMARKS = "watermarks"  # in the source's state
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
    """A resource for each of these tables, with all its declared columns.

    Where the warehouse has no row of an entity, its tables are appended, which takes half the time
    of merging into nothing. The watermarks, asked for when the last batch is out, become dlt's
    state together with the rows.
    """

    @dlt.resource(name="batches", selected=False)
    def pages() -> Iterator[dict[str, pa.Table]]:
        yield from batches
        dlt.current.source_state()[WATERMARKS] = watermarks()

    for name, normalizer in normalizers.items():
        for table in ENTITIES[name].tables:
            if table.name in tables:
                is_empty = not normalizer.change_detector.size
                yield _table_resource(pages, table, ENTITIES[name], normalizer, is_empty)


def _table_resource(
    pages: DltResource,
    table: Table,
    entity: Entity,
    normalizer: EntityNormalizer,
    is_empty: bool,
) -> DltResource:
    def rows(batch: dict[str, pa.Table]) -> Iterator[pa.Table]:
        if table.name in batch:
            yield batch[table.name]

    merged_on = table if table.parent is None else entity.root
    return dlt.transformer(  # type: ignore[call-overload, no-any-return]
        rows,
        data_from=pages,
        name=table.name,
        write_disposition="append" if is_empty else MERGE,
        merge_key=list(key_columns(merged_on)),
        columns=_columns(table, normalizer, is_empty),
    )


def _columns(
    table: Table, normalizer: EntityNormalizer, is_empty: bool
) -> dict[str, dict[str, Any]]:
    """dlt's hints; each column gets a dictionary of its own, since dlt changes them."""
    hints = {
        name: {"name": name, "nullable": True, **DLT_TYPES[kind]}
        for name, kind in normalizer.columns[table.name].items()
    }
    for name in key_columns(table):
        hints[name]["nullable"] = False
    if TOMBSTONE in hints:
        hints[TOMBSTONE]["hard_delete"] = not is_empty
        for name in key_columns(table):
            hints[name]["nullable"] = name not in key_columns(ENTITIES[table.parent].root)  # type: ignore[index]
    return hints


def empty_tables(normalizers: Normalizers, existing: set[str]) -> dict[str, pa.Table]:
    """A table without rows for each that is missing, so that every declared column exists from
    the first run on.
    """
    return {
        table: pa.schema(
            [(name, ARROW_TYPES[kind]) for name, kind in columns.items()]
        ).empty_table()
        for normalizer in normalizers.values()
        for table, columns in normalizer.columns.items()
        if table not in existing
    }
