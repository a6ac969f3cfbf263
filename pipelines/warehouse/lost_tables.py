"""Makes tables of schema `gigstack` anew that somebody dropped, or that a new release has added.

A new table is empty, but the watermarks of its lists and the hashes of its parents say that all is
loaded. So `ops.rebuilt_tables` notes when it was made, and what is older does not count: the lists
of the entity are read from their beginning, and its rows are written again as they come.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import duckdb

from pipelines.foundation.paths import LOADER_COLUMNS
from pipelines.foundation.sql_text import identifier, literal
from pipelines.gigstack.endpoint_types import Entity, Table
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
from pipelines.gigstack.normalize.change_detection import key_columns
from pipelines.warehouse.migrations import migrate
from pipelines.warehouse.tables import SCHEMA, table_names

DLT_VERSIONS = "_dlt_version"  # of the schemas that dlt has written
_KNOWN_TO_DLT = (
    f"select distinct unnest(json_keys(schema, '$.tables')) from {SCHEMA}.{DLT_VERSIONS}"
)
_COLUMNS = """
    select "column", "type" from read_csv({columns}, all_varchar = true) where "table" = $table
"""


def complete_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Before a load: add what a new release needs, and make lost tables anew, which is told.

    Raises:
        WarehouseError: A later release has written the warehouse.
    """
    migrate(connection)
    for sentence in rebuild_lost_tables(connection):
        logging.getLogger(__name__).warning(sentence)


def lost_tables(connection: duckdb.DuckDBPyConnection) -> dict[Entity, list[Table]]:
    """The declared tables that are missing though their entity was loaded. If every table of the
    schema is gone, none: dlt then begins anew by itself.
    """
    held = table_names(connection)
    declared = {table.name for entity in ENTITIES.values() for table in entity.tables}
    if not held or declared <= held:
        return {}
    known = _known_to_dlt(connection, held) or declared
    return {
        entity: missing
        for entity in ENTITIES.values()
        if (missing := [table for table in entity.tables if table.name not in held])
        and any(table.name in held or table.name in known for table in entity.tables)
    }


def _known_to_dlt(connection: duckdb.DuckDBPyConnection, held: Iterable[str]) -> set[str]:
    if DLT_VERSIONS not in held:
        return set()
    return {name for (name,) in connection.execute(_KNOWN_TO_DLT).fetchall()}


def rebuild_lost_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Create the lost tables; says for each entity what was missing and what follows from it."""
    lost = lost_tables(connection)
    for entity, tables in lost.items():
        connection.begin()
        for table in tables:
            _create(connection, entity, table)
        if entity.root in tables:
            _clear(connection, entity)
        if any(RESOURCES[name].parents for name in _lists(entity)):
            connection.execute("delete from ops.document_checks")
        connection.commit()
    return [_sentence(entity, tables) for entity, tables in lost.items()]


def _create(connection: duckdb.DuckDBPyConnection, entity: Entity, table: Table) -> None:
    query = _COLUMNS.format(columns=literal(str(LOADER_COLUMNS)))
    rows = connection.execute(query, {"table": table.name}).fetchall()
    keys = key_columns(table if table in entity.links else entity.root)
    columns = (
        f"{identifier(name)} {kind}{' not null' if name in keys else ''}" for name, kind in rows
    )
    connection.execute(f"create table {SCHEMA}.{table.name} ({', '.join(columns)})")
    connection.execute(
        "insert into ops.rebuilt_tables values ($table, $at)",
        {"table": table.name, "at": datetime.now(UTC)},
    )


def _clear(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Without their roots, the rows of children would come a second time."""
    for table in entity.tables:
        connection.execute(f"delete from {SCHEMA}.{table.name}")


def _lists(entity: Entity) -> Iterator[str]:
    return (name for name, resource in RESOURCES.items() if resource.entity == entity.name)


def _sentence(entity: Entity, tables: Iterable[Table]) -> str:
    names = ", ".join(f"{SCHEMA}.{table.name}" for table in tables)
    return (
        f"{names}: missing, so made anew. To fill it, all of {', '.join(_lists(entity))} is read, "
        "whatever the watermarks say."
    )


def rebuilt_at(connection: duckdb.DuckDBPyConnection) -> dict[str, datetime]:
    """When a table of an entity was last made anew, by entity."""
    if "rebuilt_tables" not in table_names(connection, "ops"):
        return {}
    query = "select table_name, max(rebuilt_at) from ops.rebuilt_tables group by table_name"
    moments = dict(connection.execute(query).fetchall())
    found = {
        name: [moments[table.name] for table in entity.tables if table.name in moments]
        for name, entity in ENTITIES.items()
    }
    return {name: max(of_entity) for name, of_entity in found.items() if of_entity}
