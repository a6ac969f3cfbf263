"""Runs a fixture of `tests/fixtures` through the SQL of its entity, as the loader does."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.gigstack.catalogue import ENTITIES, STREAMS
from pipelines.gigstack.normalize import Batch, EntityNormalizer, Page, key_columns

FIXTURES = Path(__file__).parents[1] / "fixtures"
RUN_ID = "run_1"
STARTED_AT = datetime(2026, 12, 1, tzinfo=UTC)
TEAM = "team_1"
ROOT = {"team_id": TEAM, "loaded_at": STARTED_AT, "run_id": RUN_ID}  # what every root row has

Rows = list[dict[str, Any]]
Load = Callable[[str], dict[str, Rows]]


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def normalizer_of(entity: str) -> EntityNormalizer:
    return EntityNormalizer(ENTITIES[entity], RUN_ID, STARTED_AT)


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.json").read_bytes()


def page_of(entity: str, records: bytes, stream: str | None = None) -> Page:
    """A page of the entity's first stream, or of the one named; read for client_1 if for a parent."""
    chosen = next(s for s in STREAMS.values() if s.name == (stream or s.name) and s.entity == entity)
    return Page(chosen, TEAM, records, "client_1" if chosen.parents else None)


def normalize(entity: str, records: bytes | list[Any]) -> Batch:
    text = records if isinstance(records, bytes) else json.dumps(records).encode()
    return normalizer_of(entity).normalize([page_of(entity, text)])


def rows_of(batch: Batch, entity: str) -> dict[str, Rows]:
    """Per table its rows by key, without what is null and without the hash."""
    return {
        table.name: sorted(
            (
                {c: v for c, v in row.items() if v is not None and c != "row_hash"}
                for row in batch.tables[table.name].to_pylist()
            ),
            key=lambda row: [row.get(column, "") for column in key_columns(table)],  # noqa: B023
        )
        for table in ENTITIES[entity].tables
    }


@pytest.fixture
def load() -> Load:
    """The rows that an entity's fixture comes to."""
    return lambda entity: rows_of(normalize(entity, fixture(entity)), entity)
