"""The meaning of published columns, and which of them hold personal data.

`sql/published_columns.csv` declares both. A line names a column (`client_name`), a column of one
table (`cfdi_errors.description`), or many columns (`*_rfc`, `seeds.*.*`); the first line that
matches counts. A text column without a line counts as personal, so that a new column cannot leak
before somebody has classified it.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from functools import cache

import duckdb

from pipelines.foundation.paths import PUBLISHED_COLUMNS
from pipelines.foundation.sql_text import identifier

NON_TEXT_TYPES = (  # types, or their beginnings
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER"),
    *("UBIGINT", "UHUGEINT", "DECIMAL", "DOUBLE", "FLOAT", "BOOLEAN", "DATE", "TIME", "INTERVAL"),
    "UUID",
)
HASH_DIGITS = 32  # 128 bits
HASH_MACRO = "memory.main.hashed"  # in the database that both files are attached to


class Policy(Enum):
    """What to do with personal data."""

    KEEP = "keep"
    HASH = "hash"  # equal values get equal hashes, so joins and counts still work
    DROP = "drop"  # the column stays but is empty, so views and dashboards still work


@dataclass(frozen=True)
class ColumnDeclaration:
    """A line of `sql/published_columns.csv`."""

    pattern: str
    is_personal: bool
    description: str

    def matches(self, *path: str) -> bool:
        """Whether it names this schema, table and column; schema and table may be left out."""
        compared = path[-1 - self.pattern.count(".") :]
        return fnmatchcase(".".join(compared).lower(), self.pattern)


@dataclass(frozen=True)
class Column:
    """A column of a table, with its comment in the database."""

    schema: str
    table: str
    name: str
    type: str
    comment: str | None = None

    @property
    def is_text(self) -> bool:
        """Whether its type can hold personal data, as all but numbers, booleans and times can."""
        return not self.type.startswith(NON_TEXT_TYPES) or self.type.endswith("]")

    @property
    def declaration(self) -> ColumnDeclaration | None:
        return declaration_of(self.schema, self.table, self.name)

    @property
    def is_personal(self) -> bool:
        return self.is_text and (self.declaration is None or self.declaration.is_personal)

    @property
    def description(self) -> str:
        return self.comment or (self.declaration.description if self.declaration else "")


@cache
def declarations() -> tuple[ColumnDeclaration, ...]:
    with PUBLISHED_COLUMNS.open(encoding="utf-8", newline="") as lines:
        return tuple(
            ColumnDeclaration(row["column"].lower(), row["personal"] == "yes", row["description"])
            for row in csv.DictReader(lines)
        )


@cache
def declaration_of(*path: str) -> ColumnDeclaration | None:
    """The first line that matches a schema, table and column."""
    return next((line for line in declarations() if line.matches(*path)), None)


def define_hash(connection: duckdb.DuckDBPyConnection, key: str) -> None:
    """Create the macro that hashes with this key, for all connections to this database."""
    connection.execute(
        f"create macro {HASH_MACRO}(value) as left(sha256('{key}' || value), {HASH_DIGITS})"
    )


def projection(columns: Iterable[Column], policy: Policy) -> str:
    """The select list of all columns, with personal ones as the policy says. Hashing needs
    `define_hash` first.
    """
    return ", ".join(_selected(column, policy) for column in columns)


def _selected(column: Column, policy: Policy) -> str:
    name = identifier(column.name)
    if policy is Policy.KEEP or not column.is_personal:
        return name
    if policy is Policy.DROP:
        return f"null::{column.type} as {name}"
    digest = f"{HASH_MACRO}({name}::varchar)"
    digest = f"to_json({digest})" if column.type == "JSON" else digest
    return f"if({name} is null, null, {digest}) as {name}"
