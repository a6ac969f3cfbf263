"""The snapshot: a compact copy of the warehouse's published schemas in a new DuckDB file.

Each table is written once, sorted, into an empty file, which leaves no free blocks behind (what
`COPY FROM DATABASE` is for); but without staging and dlt's own tables, and with personal data as
the policy says before it reaches the file.
API: https://duckdb.org/docs/stable/sql/statements/attach
"""

from typing import Any

import duckdb

from pipelines.foundation.errors import PublishingError
from pipelines.publish.columns import Policy, projection
from pipelines.publish.relations import SCHEMAS, Relation, for_each, quoted, relations, text

WAREHOUSE, SNAPSHOT = "warehouse", "analytics"  # the names under which both are attached
KEYS = ("_id", "_key", "_number", "uuid")
MAX_KEYS = 3


def copy_warehouse(connection: duckdb.DuckDBPyConnection, policy: Policy) -> list[Relation]:
    """Fill the empty snapshot; returns what it was filled from."""
    found = relations(connection, WAREHOUSE)
    for schema in SCHEMAS:
        if any(relation.schema == schema for relation in found):
            connection.execute(f"create schema {SNAPSHOT}.{schema}")
    tables = [relation for relation in found if relation.view is None]
    for_each(connection, tables, lambda worker, table: _copy(worker, table, policy))
    connection.execute(f"use {SNAPSHOT}")
    _make_views(connection, [relation for relation in found if relation.view], policy)
    return found


def _copy(connection: duckdb.DuckDBPyConnection, relation: Relation, policy: Policy) -> None:
    """Make a table of a table or view, sorted.

    Errors: PublishingError for a view that cannot be read, since what it reads has changed.
    """
    try:
        connection.execute(
            f"create table {SNAPSHOT}.{relation.path} as "
            f"select {projection(relation.columns, policy)} from {WAREHOUSE}.{relation.path} "
            f"order by {', '.join(_order(relation))}"
        )
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise PublishingError(
            f"{relation.path} cannot be read: {str(error).splitlines()[0]} Nothing was published."
        ) from error


def _order(relation: Relation) -> list[str]:
    """By date and team, then by key, so that the same rows make the same file."""
    names = [column.name for column in relation.columns]
    keys = [name for name in names if name.endswith(KEYS) and name != "team_id"][:MAX_KEYS]
    team = ["team_id"] if "team_id" in names else []
    when = [relation.moment] if relation.moment else []
    return [*when, *team, *(quoted(key) for key in keys or names[:1])]


def _make_views(
    connection: duckdb.DuckDBPyConnection, views: list[Relation], policy: Policy
) -> None:
    """Views over what is published stay views; one that needs more becomes a table."""
    while views:
        waiting = [view for view in views if not _is_made(connection, view)]
        if len(waiting) == len(views):
            _copy(connection, waiting.pop(0), policy)
        views = waiting


def _is_made(connection: duckdb.DuckDBPyConnection, view: Relation) -> bool:
    try:
        connection.execute(view.view or "")
    except (duckdb.CatalogException, duckdb.BinderException):
        return False
    return True


def comment(connection: duckdb.DuckDBPyConnection, sources: list[Relation]) -> None:
    """Say of every table and column of the snapshot what the warehouse, or else its name, says."""
    said = {source.path: source for source in sources}
    connection.begin()
    for table in relations(connection, SNAPSHOT):
        source = said.get(table.path, table)
        if source.comment:
            kind = "view" if table.view else "table"
            connection.execute(f"comment on {kind} {table.path} is {text(source.comment)}")
        for column in source.columns:
            if column.description:
                place = f"{table.path}.{quoted(column.name)}"
                connection.execute(f"comment on column {place} is {text(column.description)}")
    connection.commit()


def note(connection: duckdb.DuckDBPyConnection, facts: dict[str, Any]) -> None:
    """A table of one row, for the tile of a dashboard that tells how fresh it is."""
    connection.execute(
        "create table ops.publication (run_id varchar, run_status varchar, as_of timestamptz, "
        "published_at timestamptz, version varchar, pii varchar)"
    )
    marks = ", ".join(f"${name}" for name in facts)
    connection.execute(f"insert into ops.publication values ({marks})", facts)
