"""The warehouse's tables as the loader reads them: names, rows, what it holds of an entity.

API: https://duckdb.org/docs/stable/clients/python/overview
"""

from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.gigstack.endpoints import ENTITIES, Entity, Resource
from pipelines.gigstack.normalize.accepted_values import accepted_values
from pipelines.gigstack.normalize.change_detection import key_columns

SCHEMA = "gigstack"


KINDS = {"invoices": "document_kind"}  # the column that tells the streams of an entity apart


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
) -> tuple[pa.Table, dict[str, pa.Table]] | None:
    """Keys, hashes and times of an entity's root, and the keys of its links; None before a load.

    `existing` are the names of the warehouse's tables. With `rewriting`, rows that were fetched
    later than that are newer than what is written now, and all others are to be written again.
    Odd are rows with an unknown word, which is to be told in every run.
    """
    if not {table.name for table in entity.tables} <= existing:
        return None
    columns = ", ".join((*key_columns(entity.root), "row_hash", "updated_at", "updated_at_basis"))
    of_its_run = "select max(window_end) from ops.run_streams where run_id = held.run_id"
    fetched_at = f"coalesce(({of_its_run}), loaded_at)" if rewriting else "loaded_at"
    words = accepted_values(entity.name)
    odd = (f"not list_contains(${name}, lower(trim(coalesce({name}, ''))))" for name in words)
    root: Any = connection.sql(
        f"select {columns}, deleted_at is not null as is_deleted, "
        f"coalesce({fetched_at} <= $rewriting, false) as is_rewritten, "
        f"coalesce({fetched_at} > $rewriting, false) as is_newer, "
        f"coalesce({' or '.join(odd) or 'false'}, false) as is_odd "
        f"from {SCHEMA}.{entity.root.name} as held",
        params={"rewriting": rewriting} | {name: ["", *known] for name, known in words.items()},
    ).to_arrow_table()
    links = {
        link.name: connection.sql(
            f"select {', '.join(key_columns(link))} from {SCHEMA}.{link.name}"
        ).to_arrow_table()
        for link in entity.links
    }
    return root, links


def active_rows(resource: Resource, team: str) -> tuple[str, str, dict[str, Any]]:
    """The rows of a stream and team that are not deleted: table, condition and its parameters."""
    table = f"{SCHEMA}.{ENTITIES[resource.entity].root.name}"
    live = "deleted_at is null"
    if resource.entity == "teams":  # each row is the team's own
        return table, live, {}
    live, values = f"{live} and team_id = $team", {"team": team}
    if kind := KINDS.get(resource.entity):
        return table, f"{live} and {kind} = $kind", values | {"kind": resource.kind}
    return table, live, values


def count(
    connection: duckdb.DuckDBPyConnection, rows: str, values: dict[str, Any] | None = None
) -> int:
    """How many rows a FROM clause has."""
    ((found,),) = connection.execute(f"select count(*) from {rows}", values).fetchall()
    return int(found)


def drop_repeated_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep one row of each key in every table.

    A run that dies between the commit of a file of rows and dlt's note of it has the same rows
    loaded again by the next one; where they are appended, they are then there twice.
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
    """A query's rows, by column name."""
    result = connection.execute(query)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
