"""The tables and views that are published, and what is known of their rows.

API: https://duckdb.org/docs/stable/sql/meta/duckdb_table_functions
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import duckdb

from pipelines.foundation.time_zone import MEXICO_CITY_NAME
from pipelines.publish.columns import Column

SCHEMAS = ("gigstack", "seeds", "core", "marts", "reportes", "ops")
OF_DLT = "_dlt"
INSTANT = "TIMESTAMP WITH TIME ZONE"
# the first that a row has places it in time; dates are local already
DATES = (
    *("issue_date", "payment_date", "settlement_date", "refund_date", "credit_note_date"),
    *("collected_date", "created_date"),
)
INSTANTS = ("issued_at", "created_at", "updated_at")
DOCUMENTS = ("invoices", "payments", "receipts", "retentions", "sat_invoices")
FACT = "fct_"
AT_ONCE = 2  # tables; DuckDB has one thread for a table of less than 122,880 rows

Result = TypeVar("Result")


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
        """What places a row in time, where the table has such a column."""
        named = self._of_type("DATE", DATES) or self._of_type(INSTANT, INSTANTS)
        found = named or self._of_type("DATE")[:1]
        return f"coalesce({', '.join(map(quoted, found))})" if found else None

    @property
    def month(self) -> str | None:
        """The first day of the month of the row's moment, in Mexico City."""
        if self.moment is None:
            return None
        is_instant = not self._of_type("DATE", DATES) and self._of_type(INSTANT, INSTANTS)
        local = f"timezone('{MEXICO_CITY_NAME}', {self.moment})" if is_instant else self.moment
        return f"date_trunc('month', {local})::date"

    @property
    def is_fact(self) -> bool:
        """Whether it is a table of documents or events, which BI also wants by month."""
        is_document = self.schema == "gigstack" and self.name in DOCUMENTS
        is_event = self.schema == "core" and self.name.startswith(FACT)
        return (is_document or is_event) and self.view is None and self.moment is not None

    @property
    def decimals(self) -> list[str]:
        return [column.name for column in self.columns if column.type.startswith("DECIMAL")]

    def _of_type(self, kind: str, names: tuple[str, ...] | None = None) -> list[str]:
        """The columns of a type: those that are named, in their order, or all."""
        found = [column.name for column in self.columns if column.type == kind]
        return found if names is None else [name for name in names if name in found]


def relations(connection: duckdb.DuckDBPyConnection, database: str) -> list[Relation]:
    """The tables and then the views of the published schemas, without those of dlt."""
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
        if (schema, name) in columns and not name.startswith(OF_DLT)
    )
    return sorted(published, key=lambda relation: relation.view is not None)


def measures(connection: duckdb.DuckDBPyConnection, source: str, relation: Relation) -> list[Any]:
    """Rows, and the sum of each DECIMAL column, of what follows FROM."""
    sums = "".join(f", sum({quoted(name)})" for name in relation.decimals)
    row: Any = connection.execute(f"select count(*){sums} from {source}").fetchone()
    return list(row)


def for_each(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[Relation],
    work: Callable[[duckdb.DuckDBPyConnection, Relation], Result],
) -> list[Result]:
    """What the work gives for each table, some at once, each on a connection of its own."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        waiting = [threads.submit(work, connection.cursor(), table) for table in tables]
        try:
            return [one.result() for one in waiting]
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise


def quoted(name: str) -> str:
    """A name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A value as a literal."""
    return "'" + value.replace("'", "''") + "'"
