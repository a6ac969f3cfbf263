"""The snapshot: a compact copy of the warehouse's published schemas in a new DuckDB file.

Each table is written once, sorted, into an empty file, which leaves no free blocks behind (what
`COPY FROM DATABASE` is for); but without staging and dlt's own tables, and with personal data as
the policy says before it reaches the file.
API: https://duckdb.org/docs/stable/sql/statements/attach
"""

from dataclasses import dataclass
from typing import Any

import duckdb

from pipelines.publishing.columns import Column, Policy, projection

WAREHOUSE, SNAPSHOT = "warehouse", "analytics"  # the names under which both are attached
SCHEMAS = ("gigstack", "seeds", "core", "marts", "reportes", "ops")
OF_DLT = "_dlt"
DATES = ("issued_at", "created_at", "updated_at")  # the first that a row has places it in time


@dataclass(frozen=True)
class Relation:
    """A table or view; `comment` is what the database says of it."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    comment: str | None
    view: str | None = None  # the statement that makes it

    @property
    def path(self) -> str:
        return f"{self.schema}.{quoted(self.name)}"

    @property
    def moment(self) -> str | None:
        """What places a row in time, where the table has it."""
        names = {column.name for column in self.columns}
        found = [name for name in DATES if name in names]
        return f"coalesce({', '.join(found)})" if found else None

    @property
    def decimals(self) -> list[str]:
        return [column.name for column in self.columns if column.type.startswith("DECIMAL")]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def relations(connection: duckdb.DuckDBPyConnection, database: str) -> list[Relation]:
    """The tables and then the views of the published schemas."""
    columns: dict[tuple[str, str], list[Column]] = {}
    for schema, table, *column in connection.execute(
        "select schema_name, table_name, column_name, data_type, comment from duckdb_columns() "
        "where database_name = $database and list_contains($schemas, schema_name) "
        "order by table_oid, column_index",
        {"database": database, "schemas": SCHEMAS},
    ).fetchall():
        columns.setdefault((schema, table), []).append(Column(table, *column))
    found = connection.execute(
        "select schema_name, table_name, comment, null from duckdb_tables() "
        "where database_name = $database union all "
        "select schema_name, view_name, comment, sql from duckdb_views() "
        "where database_name = $database order by all",
        {"database": database},
    ).fetchall()
    return sorted(
        (
            Relation(schema, name, tuple(columns[schema, name]), comment, view)
            for schema, name, comment, view in found
            if (schema, name) in columns and not name.startswith(OF_DLT)
        ),
        key=lambda relation: relation.view is not None,
    )


def copy_warehouse(connection: duckdb.DuckDBPyConnection, policy: Policy) -> list[Relation]:
    """Fill the empty snapshot; returns what it was filled from."""
    found = relations(connection, WAREHOUSE)
    for schema in SCHEMAS:
        if any(relation.schema == schema for relation in found):
            connection.execute(f"create schema {SNAPSHOT}.{schema}")
    connection.execute(f"use {SNAPSHOT}")
    for relation in found:
        if relation.view is None:
            _copy(connection, relation, policy)
    _make_views(connection, [relation for relation in found if relation.view], policy)
    for relation in found:
        _comment(connection, relation)
    return found


def _copy(connection: duckdb.DuckDBPyConnection, relation: Relation, policy: Policy) -> None:
    connection.execute(
        f"create table {relation.path} as "
        f"select {projection(relation.columns, policy)} from {WAREHOUSE}.{relation.path} "
        f"order by {', '.join(_order(relation))}"
    )


def _order(relation: Relation) -> list[str]:
    """By date and team, then by key, so that the same rows make the same file."""
    names = [column.name for column in relation.columns]
    keys = [name for name in names if name.endswith(("_id", "_number", "uuid"))] or names[:1]
    team = ["team_id"] if "team_id" in names else []
    when = [relation.moment] if relation.moment else []
    return [*when, *team, *(quoted(key) for key in keys[:4] if key != "team_id")]


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
    except duckdb.CatalogException:
        return False
    return True


def note(connection: duckdb.DuckDBPyConnection, facts: dict[str, Any]) -> None:
    """A table of one row, for the tile of a dashboard that tells how fresh it is."""
    connection.execute(
        "create table ops.publication (run_id varchar, run_status varchar, as_of timestamptz, "
        "published_at timestamptz, version varchar, pii varchar)"
    )
    marks = ", ".join(f"${name}" for name in facts)
    connection.execute(f"insert into ops.publication values ({marks})", facts)


def _comment(connection: duckdb.DuckDBPyConnection, relation: Relation) -> None:
    (kind,) = connection.execute(
        "select if(count(*) > 0, 'view', 'table') from duckdb_views() "
        "where database_name = $database and schema_name = $schema and view_name = $name",
        {"database": SNAPSHOT, "schema": relation.schema, "name": relation.name},
    ).fetchone() or ("table",)
    if relation.comment:
        connection.execute(f"comment on {kind} {relation.path} is {text(relation.comment)}")
    for column in relation.columns:
        if column.description:
            connection.execute(
                f"comment on column {relation.path}.{quoted(column.name)} "
                f"is {text(column.description)}"
            )


def measures(connection: duckdb.DuckDBPyConnection, source: str, relation: Relation) -> list[Any]:
    """Rows, and the sum of each DECIMAL column, of what follows FROM."""
    sums = "".join(f", sum({quoted(name)})" for name in relation.decimals)
    row: Any = connection.execute(f"select count(*){sums} from {source}").fetchone()
    return list(row)
