"""The tables and views that are published, and sums over their rows.

API: https://duckdb.org/docs/stable/sql/meta/duckdb_table_functions
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import duckdb

from pipelines.foundation.sql_text import identifier
from pipelines.foundation.time_zone import MEXICO_CITY_NAME
from pipelines.publish.columns import Column

SCHEMAS = ("gigstack", "seeds", "core", "marts", "reportes", "ops")
DLT_PREFIX = "_dlt"
INSTANT = "TIMESTAMP WITH TIME ZONE"
# the first of these columns that is not null dates a row; dates are local already
DATES = (
    *("issue_date", "payment_date", "settlement_date", "refund_date", "credit_note_date"),
    *("collected_date", "created_date"),
)
INSTANTS = ("issued_at", "created_at", "updated_at")
DOCUMENTS = ("invoices", "payments", "receipts", "retentions", "sat_invoices")
FACT_PREFIX = "fct_"
WORKERS = 2  # DuckDB reads a table of less than 122,880 rows with one thread

Result = TypeVar("Result")


@dataclass(frozen=True)
class Relation:
    """A table or view, with its comment in the database."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    comment: str | None
    view: str | None = None  # the statement that creates it

    @property
    def path(self) -> str:
        return f"{self.schema}.{identifier(self.name)}"

    @property
    def moment(self) -> str | None:
        """The expression that dates a row; None if no column does."""
        named = self._of_type("DATE", DATES) or self._of_type(INSTANT, INSTANTS)
        found = named or self._of_type("DATE")[:1]
        return f"coalesce({', '.join(map(identifier, found))})" if found else None

    @property
    def month(self) -> str | None:
        """The expression for the first day of a row's month, in Mexico City."""
        if self.moment is None:
            return None
        is_instant = not self._of_type("DATE", DATES) and self._of_type(INSTANT, INSTANTS)
        local = f"timezone('{MEXICO_CITY_NAME}', {self.moment})" if is_instant else self.moment
        return f"date_trunc('month', {local})::date"

    @property
    def is_fact(self) -> bool:
        """Whether it is a table of documents or events, which BI also reads by month."""
        is_document = self.schema == "gigstack" and self.name in DOCUMENTS
        is_event = self.schema == "core" and self.name.startswith(FACT_PREFIX)
        return (is_document or is_event) and self.view is None and self.moment is not None

    @property
    def decimals(self) -> list[str]:
        return [column.name for column in self.columns if column.type.startswith("DECIMAL")]

    def _of_type(self, kind: str, names: tuple[str, ...] | None = None) -> list[str]:
        """The columns of a type: all of them, or these names in their order."""
        found = [column.name for column in self.columns if column.type == kind]
        return found if names is None else [name for name in names if name in found]


def relations(connection: duckdb.DuckDBPyConnection, database: str) -> list[Relation]:
    """The tables and then the views of the published schemas, without dlt's own."""
    columns: dict[tuple[str, str], list[Column]] = {}
    for schema, table, *column in connection.execute(
        "select schema_name, table_name, column_name, data_type, comment from duckdb_columns() "
        "where database_name = $database and list_contains($schemas, schema_name) "
        "order by table_oid, column_index",
        {"database": database, "schemas": SCHEMAS},
    ).fetchall():
        columns.setdefault((schema, table), []).append(Column(schema, table, *column))
    found = connection.execute(
        "select schema_name, table_name, comment, null from duckdb_tables() "
        "where database_name = $database union all "
        "select schema_name, view_name, comment, sql from duckdb_views() "
        "where database_name = $database order by all",
        {"database": database},
    ).fetchall()
    published = (
        Relation(schema, name, tuple(columns[schema, name]), comment, view)
        for schema, name, comment, view in found
        if (schema, name) in columns and not name.startswith(DLT_PREFIX)
    )
    return sorted(published, key=lambda relation: relation.view is not None)


def measures(connection: duckdb.DuckDBPyConnection, source: str, relation: Relation) -> list[Any]:
    """The number of rows of a FROM clause, and the sum of each DECIMAL column."""
    sums = "".join(f", sum({identifier(name)})" for name in relation.decimals)
    row: Any = connection.execute(f"select count(*){sums} from {source}").fetchone()
    return list(row)


def for_each(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[Relation],
    work: Callable[[duckdb.DuckDBPyConnection, Relation], Result],
) -> list[Result]:
    """The results of `work` for each table, in parallel, each on its own connection."""
    cursors = [connection.cursor() for _ in tables]
    with ThreadPoolExecutor(WORKERS) as threads:
        futures = [threads.submit(work, *pair) for pair in zip(cursors, tables, strict=True)]
        try:
            return [future.result() for future in futures]
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            for cursor in cursors:  # what is under way would be waited for
                cursor.interrupt()
            raise
