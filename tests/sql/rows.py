"""Runs records through the SQL of their entity, as the loader does, and reads the rows."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.gigstack.endpoint_types import Table
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
from pipelines.gigstack.normalize.batch import Batch, Page
from pipelines.gigstack.normalize.change_detection import key_columns
from pipelines.gigstack.normalize.normalizer import EntityNormalizer, normalizing_database

FIXTURES = Path(__file__).parents[1] / "fixtures"
RUN_ID = "run_1"
STARTED_AT = datetime(2026, 12, 1, tzinfo=UTC)
TEAM = "team_1"
WRITTEN = {"team_id": TEAM, "loaded_at": STARTED_AT, "run_id": RUN_ID}  # on every root row

Row = dict[str, Any]
Tables = dict[str, list[Row]]


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.json").read_bytes()


def normalizer_of(entity: str) -> EntityNormalizer:
    return EntityNormalizer(ENTITIES[entity], RUN_ID, STARTED_AT, normalizing_database())


def page_of(entity: str, records: bytes | list[Any], resource: str | None = None) -> Page:
    """A page of the entity's first stream, or of the one named; of client_1 where it needs one."""
    text = records if isinstance(records, bytes) else json.dumps(records).encode()
    chosen = next(
        s for s in RESOURCES.values() if s.entity == entity and resource in (None, s.name)
    )
    return Page(chosen, TEAM, text, "client_1" if chosen.parents else None)


def normalize(entity: str, records: bytes | list[Any], resource: str | None = None) -> Batch:
    normalizer = normalizer_of(entity)
    return normalizer.normalize([normalizer.check_page(page_of(entity, records, resource))])


def rows_of(batch: Batch, table: Table) -> list[Row]:
    """The rows by key, without what is null and without the hash."""
    rows = [
        {name: value for name, value in row.items() if value is not None and name != "row_hash"}
        for row in (batch.tables[table.name].to_pylist() if table.name in batch.tables else ())
    ]
    return sorted(rows, key=lambda row: [row[column] for column in key_columns(table)])


def tables_of(entity: str, records: bytes | list[Any], resource: str | None = None) -> Tables:
    batch = normalize(entity, records, resource)
    return {table.name: rows_of(batch, table) for table in ENTITIES[entity].tables}
