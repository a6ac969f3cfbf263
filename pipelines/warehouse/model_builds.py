"""Which tables are older than the newest build, because theirs failed: `ops.model_builds`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipelines.foundation.wording import plural, shorten

MAX_NAMED = 5


AFTER_ANOTHER = "failed before it"  # of a table that was not built since another was not


@dataclass(frozen=True)
class OlderTable:
    """A table that its newest build left as it was. `built_at` is None if it was never built."""

    name: str  # with its schema
    built_at: datetime | None  # UTC
    error: str

    def __str__(self) -> str:
        of = f"is of {self.built_at:%Y-%m-%d %H:%M} UTC" if self.built_at else "was never built"
        return f"{self.name} {of}: {self.error}"


def tell_older(tables: Sequence[OlderTable]) -> list[str]:
    """One line for each table that could not be built, and one for those that read them."""
    causes = [table for table in tables if not table.error.endswith(AFTER_ANOTHER)]
    others = [table.name for table in tables if table not in causes]
    lines = [str(table) for table in causes]
    if others:
        lines.append(f"{plural(len(others), 'table')} for that: {shorten(others, MAX_NAMED)}")
    return lines


def older_tables(connection: duckdb.DuckDBPyConnection, database: str) -> list[OlderTable]:
    """The tables of a database that are older than its newest build, or missing. A warehouse of an
    earlier release tells of none.
    """
    (is_noted,) = connection.execute(
        "select count(*) from duckdb_tables() where database_name = $database "
        "and schema_name = 'ops' and table_name = 'model_builds'",
        {"database": database},
    ).fetchone() or (0,)
    if not is_noted:
        return []
    rows = connection.execute(
        "select concat_ws('.', schema_name, model_name), built_at, error "
        f"from {database}.ops.model_builds where error is not null order by all"
    ).fetchall()
    return [OlderTable(*row) for row in rows]
