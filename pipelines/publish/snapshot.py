"""The snapshot: a compact copy of the warehouse's published schemas in a new DuckDB file.

Each table is written once, sorted, into an empty file, which leaves no free blocks, as
`COPY FROM DATABASE` would. Unlike that, the copy leaves out staging and dlt's own tables, and
treats personal data as the policy says before it reaches the file.
API: https://duckdb.org/docs/stable/sql/statements/attach
"""

from typing import Any

import duckdb

from pipelines import warehouse
from pipelines.foundation.errors import PublishingError
from pipelines.foundation.sql_text import identifier, literal
from pipelines.publish.columns import Policy, projection
from pipelines.publish.relations import SCHEMAS, Relation, for_each, relations

SNAPSHOT = "analytics"  # the name under which the new file is attached, beside the warehouse
KEY_SUFFIXES = ("_id", "_key", "_number", "uuid")
MAX_SORT_KEYS = 3


def copy_warehouse(connection: duckdb.DuckDBPyConnection, policy: Policy) -> list[Relation]:
    """Fill the empty snapshot; returns the relations that were copied."""
    sources = relations(connection, warehouse.NAME)
    for schema in SCHEMAS:
        if any(relation.schema == schema for relation in sources):
            connection.execute(f"create schema {SNAPSHOT}.{schema}")
    tables = [relation for relation in sources if relation.view is None]
    for_each(connection, tables, lambda worker, table: _copy(worker, table, policy))
    connection.execute(f"use {SNAPSHOT}")
    _create_views(connection, [relation for relation in sources if relation.view], policy)
    return sources


def _copy(connection: duckdb.DuckDBPyConnection, relation: Relation, policy: Policy) -> None:
    """Copy a table or view as a sorted table.

    Raises:
        PublishingError: A view cannot be read, since its sources have changed.
    """
    try:
        connection.execute(
            f"create table {SNAPSHOT}.{relation.path} as "
            f"select {projection(relation.columns, policy)} from {warehouse.NAME}.{relation.path} "
            f"order by {', '.join(_sort_keys(relation))}"
        )
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        reason = str(error).splitlines()[0]
        raise PublishingError(
            f"{relation.path} cannot be read: {reason} Nothing was published."
        ) from error


def _sort_keys(relation: Relation) -> list[str]:
    """Date, team, then keys, so that equal rows make equal files."""
    names = [column.name for column in relation.columns]
    keys = [name for name in names if name.endswith(KEY_SUFFIXES) and name != "team_id"]
    moment = [relation.moment] if relation.moment else []
    team = ["team_id"] if "team_id" in names else []
    return [*moment, *team, *map(identifier, keys[:MAX_SORT_KEYS] or names[:1])]


def _create_views(
    connection: duckdb.DuckDBPyConnection, views: list[Relation], policy: Policy
) -> None:
    """Create the views; one that reads more than what is published becomes a table."""
    while views:
        remaining = [view for view in views if not _create_view(connection, view)]
        if len(remaining) == len(views):
            _copy(connection, remaining.pop(0), policy)
        views = remaining


def _create_view(connection: duckdb.DuckDBPyConnection, view: Relation) -> bool:
    """Whether everything that the view reads is there already."""
    try:
        connection.execute(view.view or "")
    except (duckdb.CatalogException, duckdb.BinderException):
        return False
    return True


def write_comments(connection: duckdb.DuckDBPyConnection, sources: list[Relation]) -> None:
    """Comment every table and column of the snapshot, as in the warehouse or as declared."""
    by_path = {source.path: source for source in sources}
    connection.begin()
    for table in relations(connection, SNAPSHOT):
        source = by_path.get(table.path, table)
        if source.comment:
            kind = "view" if table.view else "table"
            connection.execute(f"comment on {kind} {table.path} is {literal(source.comment)}")
        for column in source.columns:
            if column.description:
                path = f"{table.path}.{identifier(column.name)}"
                connection.execute(f"comment on column {path} is {literal(column.description)}")
    connection.commit()


def write_publication(connection: duckdb.DuckDBPyConnection, facts: dict[str, Any]) -> None:
    """Create `ops.publication` with one row, for a dashboard to show how fresh it is."""
    connection.execute(
        "create table ops.publication (run_id varchar, run_status varchar, as_of timestamptz, "
        "published_at timestamptz, version varchar, pii varchar)"
    )
    columns, parameters = ", ".join(facts), ", ".join(f"${name}" for name in facts)
    connection.execute(f"insert into ops.publication ({columns}) values ({parameters})", facts)
