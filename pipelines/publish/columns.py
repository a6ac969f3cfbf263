"""The meaning of published columns, and which of them hold personal data.

`sql/loader/columns.csv`, which `make generate` writes, declares both for the loader's tables.
`sql/published_columns.csv` does for all others. A line there names a column (`client_name`), a
column of one table (`runs.mode`), or many columns (`*_rfc`, `seeds.*.*`). Of the lines that match
the most precise counts, wherever it stands. A text column without a line counts as personal, so
that a new column cannot leak before somebody has classified it.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import duckdb

from pipelines.foundation.paths import LOADER_COLUMNS, PUBLISHED_COLUMNS
from pipelines.foundation.sql_text import identifier

LOADER_SCHEMA = "gigstack"
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
    """A line of one of the two files."""

    pattern: str
    is_personal: bool
    description: str

    def matches(self, *path: str) -> bool:
        """Whether it names this schema, table and column; schema and table may be left out."""
        compared = path[-1 - self.pattern.count(".") :]
        return fnmatchcase(".".join(compared).lower(), self.pattern)

    @property
    def precision(self) -> tuple[int, bool, int]:
        """How much it says of a name: its parts, whether it is the whole name, its letters."""
        letters = len(self.pattern) - self.pattern.count("*")
        return self.pattern.count("."), "*" not in self.pattern, letters


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
def rules() -> tuple[ColumnDeclaration, ...]:
    """The lines of `sql/published_columns.csv`."""
    return tuple(_declaration(row["column"], row) for row in _lines(PUBLISHED_COLUMNS))


@cache
def loader_columns() -> dict[str, ColumnDeclaration]:
    """The lines of `sql/loader/columns.csv`, by `table.column`."""
    names = ((f"{row['table']}.{row['column']}", row) for row in _lines(LOADER_COLUMNS))
    return {name: _declaration(name, row) for name, row in names}


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _declaration(pattern: str, row: dict[str, str]) -> ColumnDeclaration:
    return ColumnDeclaration(pattern.lower(), row["personal"] == "yes", row["description"])


@cache
def declaration_of(schema: str, table: str, column: str) -> ColumnDeclaration | None:
    """What is declared of a column, if anything is."""
    if schema == LOADER_SCHEMA and f"{table}.{column}" in loader_columns():
        return loader_columns()[f"{table}.{column}"]
    return rule_of(schema, table, column)


def rule_of(*path: str) -> ColumnDeclaration | None:
    """The rule that counts for a schema, table and column."""
    return most_precise(rules(), *path)


def most_precise(lines: Iterable[ColumnDeclaration], *path: str) -> ColumnDeclaration | None:
    """Of the lines that match a schema, table and column, the one that says most."""
    matching = (line for line in lines if line.matches(*path))
    return max(matching, key=lambda line: line.precision, default=None)


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
