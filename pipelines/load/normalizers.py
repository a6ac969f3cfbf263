"""The normalizers of a load, each with what the warehouse knows of its entity."""

from collections.abc import Sequence
from datetime import datetime

import duckdb

from pipelines import warehouse
from pipelines.gigstack.endpoint_types import Resource
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
from pipelines.gigstack.normalize.normalizer import (
    EntityNormalizer,
    Normalizers,
    normalizing_database,
)
from pipelines.warehouse.lost_tables import rebuilt_at
from pipelines.warehouse.run_log import LoadResult


def create_normalizers(
    result: LoadResult,
    resources: Sequence[Resource],
    connection: duckdb.DuckDBPyConnection,
    existing: set[str],
    rewriting: datetime | None = None,
    livemode: bool | None = None,
) -> Normalizers:
    """One normalizer per entity. `existing` and `rewriting`: see `warehouse.known_rows`."""
    database = normalizing_database()
    normalizers = {}
    rebuilt = rebuilt_at(connection)
    for name in _entities(resources):
        entity = ENTITIES[name]
        normalizers[name] = EntityNormalizer(
            entity, result.run_id, result.started_at, database, livemode=livemode
        )
        known = warehouse.known_rows(connection, entity, existing, rewriting, rebuilt.get(name))
        if known:
            normalizers[name].change_detector.remember(*known)
    return normalizers


def _entities(resources: Sequence[Resource]) -> list[str]:
    """The entities whose tables a load writes: those that it reads. A load of all resources that
    are not optional also creates the tables of those that are, so that every table exists.
    """
    read = {resource.entity for resource in resources}
    is_complete = all(r.entity in read for r in RESOURCES.values() if not r.is_optional)
    return [name for name in ENTITIES if is_complete or name in read]
