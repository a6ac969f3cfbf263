"""What is declared of columns, in `sql/published_columns.csv`: their meaning, and whether they are personal.

A line names a column (`client_name`), one of a single table (`cfdi_errors.description`), or many
(`*_rfc`, `seeds.*.*`); the first line that fits is the one that counts. Text that no line names
counts as personal, so that a new column cannot leak before somebody has looked at it.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from functools import cache

import duckdb

from pipelines.foundation.paths import PUBLISHED_COLUMNS

TEXTLESS = (  # types, or how they begin
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER"),
    *("UBIGINT", "UHUGEINT", "DECIMAL", "DOUBLE", "FLOAT", "BOOLEAN", "DATE", "TIME", "INTERVAL"),
    "UUID",
)
HASH_DIGITS = 32  # 128 bits
HASH = "memory.main.hashed"  # a macro in the database that both files are attached to


class Policy(Enum):
    """What becomes of personal data."""

    KEEP = "keep"
    HASH = "hash"  # the same value has the same hash everywhere, so joins and counts still work
    DROP = "drop"  # the column stays, empty, so that views and dashboards still work


@dataclass(frozen=True)
class Declared:
    """A line of `sql/published_columns.csv`."""

    pattern: str
    is_personal: bool
    description: str

    def fits(self, *path: str) -> bool:
        """Whether it names this schema, table and column; it may leave out the first ones."""
        named = path[-1 - self.pattern.count(".") :]
        return fnmatchcase(".".join(named).lower(), self.pattern)


@dataclass(frozen=True)
class Column:
    """A column of a table, with the comment that the database has on it."""

    schema: str
    table: str
    name: str
    type: str
    comment: str | None = None

    @property
    def is_text(self) -> bool:
        """Whether its type can hold personal data: all but numbers, booleans and times."""
        return not self.type.startswith(TEXTLESS) or self.type.endswith("]")

    @property
    def declared(self) -> Declared | None:
        return declaration_of(self.schema, self.table, self.name)

    @property
    def is_personal(self) -> bool:
        return self.is_text and (self.declared is None or self.declared.is_personal)

    @property
    def description(self) -> str:
        return self.comment or (self.declared.description if self.declared else "")


@cache
def declarations() -> tuple[Declared, ...]:
    with PUBLISHED_COLUMNS.open(encoding="utf-8", newline="") as lines:
        return tuple(
            Declared(row["column"].lower(), row["personal"] == "yes", row["description"])
            for row in csv.DictReader(lines)
        )


@cache
def declaration_of(*path: str) -> Declared | None:
    """The first line that fits a schema, table and column."""
    return next((one for one in declarations() if one.fits(*path)), None)


def define_hash(connection: duckdb.DuckDBPyConnection, key: str) -> None:
    """Give all connections to this database the hash that goes with a key."""
    connection.execute(
        f"create macro {HASH}(value) as left(sha256('{key}' || value), {HASH_DIGITS})"
    )


def projection(columns: Iterable[Column], policy: Policy) -> str:
    """A select list: every column, those that are personal as the policy says.

    Hashes need `define_hash`.
    """
    return ", ".join(_selected(column, policy) for column in columns)


def _selected(column: Column, policy: Policy) -> str:
    name = '"' + column.name.replace('"', '""') + '"'
    if policy is Policy.KEEP or not column.is_personal:
        return name
    if policy is Policy.DROP:
        return f"null::{column.type} as {name}"
    digest = f"{HASH}({name}::varchar)"
    digest = f"to_json({digest})" if column.type == "JSON" else digest
    return f"if({name} is null, null, {digest}) as {name}"
