"""What the loader reads of the warehouse's tables: names, row counts, known rows of an entity.

API: https://duckdb.org/docs/stable/clients/python/overview
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.gigstack.endpoint_types import Entity, Resource
from pipelines.gigstack.endpoints import ENTITIES
from pipelines.gigstack.normalize.accepted_values import accepted_values
from pipelines.gigstack.normalize.change_detection import key_columns

SCHEMA = "gigstack"
KIND_COLUMNS = {"invoices": "document_kind"}  # tells the resources of one entity apart


def table_names(connection: duckdb.DuckDBPyConnection, schema: str = SCHEMA) -> set[str]:
    rows = connection.execute(
        "select table_name from duckdb_tables() where schema_name = $schema",
        {"schema": schema},
    ).fetchall()
    return {name for (name,) in rows}


def known_rows(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    existing: set[str],
    rewriting: datetime | None = None,
    rebuilt_at: datetime | None = None,
) -> tuple[pa.Table, dict[str, pa.Table]] | None:
    """Keys, hashes and times of an entity's root, and the keys of its links; None before a load.

    `existing` names the tables of the warehouse. With `rewriting`, every row that was fetched up to
    that moment is written again, and later ones stay. With `rebuilt_at`, so is every row that was
    loaded before a table of the entity was made anew. A row is odd when it holds an unknown value,
    which every run reports.
    """
    if not {table.name for table in entity.tables} <= existing:
        return None
    values = accepted_values(entity.name)
    parameters = {name: ["", *accepted] for name, accepted in values.items()}
    root: Any = connection.sql(
        _known_rows_sql(entity, values, is_rewriting=rewriting is not None),
        params={"rewriting": rewriting, "rebuilt_at": rebuilt_at} | parameters,
    ).to_arrow_table()
    links = {
        link.name: connection.sql(
            f"select {', '.join(key_columns(link))} from {SCHEMA}.{link.name}"
        ).to_arrow_table()
        for link in entity.links
    }
    return root, links


def _known_rows_sql(entity: Entity, accepted_columns: Iterable[str], *, is_rewriting: bool) -> str:
    """Takes both moments, and the accepted values of each of these columns, as parameters."""
    columns = ", ".join((*key_columns(entity.root), "row_hash", "updated_at", "updated_at_basis"))
    run_end = "select max(window_end) from ops.run_streams where run_id = stored.run_id"
    fetched_at = f"coalesce(({run_end}), loaded_at)" if is_rewriting else "loaded_at"
    odd = " or ".join(
        f"not list_contains(${name}, lower(trim(coalesce({name}, ''))))"
        for name in accepted_columns
    )
    return (
        f"select {columns}, deleted_at is not null as is_deleted, "
        f"coalesce({fetched_at} <= $rewriting, false) "
        "or coalesce(loaded_at <= $rebuilt_at, false) as is_rewritten, "
        f"coalesce({fetched_at} > $rewriting, false) as is_newer, "
        f"coalesce({odd or 'false'}, false) as is_odd "
        f"from {SCHEMA}.{entity.root.name} as stored"
    )


def active_rows(resource: Resource, team: str) -> tuple[str, str, dict[str, Any]]:
    """The rows of a resource and team that are not deleted: table, condition and parameters."""
    table = f"{SCHEMA}.{ENTITIES[resource.entity].root.name}"
    condition = "deleted_at is null"
    if resource.entity == "teams":  # each row belongs to the team that it describes
        return table, condition, {}
    parameters: dict[str, Any] = {"team": team}
    condition = f"{condition} and team_id = $team"
    if column := KIND_COLUMNS.get(resource.entity):
        condition, parameters["kind"] = f"{condition} and {column} = $kind", resource.kind
    return table, condition, parameters


def count(
    connection: duckdb.DuckDBPyConnection, source: str, parameters: dict[str, Any] | None = None
) -> int:
    """Count the rows of a FROM clause."""
    ((rows,),) = connection.execute(f"select count(*) from {source}", parameters).fetchall()
    return int(rows)


def livemode_of(connection: duckdb.DuckDBPyConnection) -> bool | None:
    """The mode whose objects the warehouse holds: live, test, or None while it holds none."""
    existing = table_names(connection)
    for entity in ENTITIES.values():
        if entity.root.name in existing and not entity.is_in_both_modes:
            found = connection.execute(
                f"select livemode from {SCHEMA}.{entity.root.name} "
                "where livemode is not null limit 1"
            ).fetchone()
            if found:
                return bool(found[0])
    return None


def drop_repeated_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep one row per key in every table.

    When a run is killed after dlt committed a file but before dlt recorded that, the next run loads
    the file again. Tables that dlt appends to then hold its rows twice.
    """
    existing = table_names(connection)
    for table in (table for entity in ENTITIES.values() for table in entity.tables):
        if table.name in existing:
            connection.execute(
                f"delete from {SCHEMA}.{table.name} where rowid in ("
                f"select rowid from {SCHEMA}.{table.name} qualify row_number() over "
                f"(partition by {', '.join(key_columns(table))} order by rowid) > 1)"
            )


def rows_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """Run a query and return its rows as dictionaries."""
    result = connection.execute(query)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
