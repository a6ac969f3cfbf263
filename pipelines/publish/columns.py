"""What is declared of columns: their meaning, and whether they are personal.

`sql/loader/columns.csv`, which `make generate` writes, says it of every column of the loader's
tables. `sql/published_columns.csv` says it of all others by name. A line there names a column
(`client_name`), one of a single table (`runs.mode`), or many (`*_rfc`, `seeds.*.*`). The line that
says most counts, wherever it stands: more parts of the name, then the whole name, then more
letters. Text that no line names counts as personal, so that a new column cannot leak before
somebody has looked at it.
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

LOADER_SCHEMA = "gigstack"
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
    """What one line says of the columns that it names."""

    pattern: str
    is_personal: bool
    description: str

    def fits(self, *path: str) -> bool:
        """Whether it names this schema, table and column; it may leave out the first ones."""
        named = path[-1 - self.pattern.count(".") :]
        return fnmatchcase(".".join(named).lower(), self.pattern)

    @property
    def precision(self) -> tuple[int, bool, int]:
        """How much it says of a name; of several lines that fit, the most precise counts."""
        letters = len(self.pattern) - self.pattern.count("*")
        return self.pattern.count("."), "*" not in self.pattern, letters


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
def rules() -> tuple[Declared, ...]:
    """The lines of `sql/published_columns.csv`."""
    return tuple(_declared(row["column"], row) for row in _lines(PUBLISHED_COLUMNS))


@cache
def loader_columns() -> dict[str, Declared]:
    """The lines of `sql/loader/columns.csv`, by `table.column`."""
    names = ((f"{row['table']}.{row['column']}", row) for row in _lines(LOADER_COLUMNS))
    return {name: _declared(name, row) for name, row in names}


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _declared(pattern: str, row: dict[str, str]) -> Declared:
    return Declared(pattern.lower(), row["personal"] == "yes", row["description"])


@cache
def declaration_of(schema: str, table: str, column: str) -> Declared | None:
    """What is declared of a column, if anything is."""
    if schema == LOADER_SCHEMA and f"{table}.{column}" in loader_columns():
        return loader_columns()[f"{table}.{column}"]
    return rule_of(schema, table, column)


def rule_of(*path: str) -> Declared | None:
    """The rule that counts for a schema, table and column."""
    return most_precise(rules(), *path)


def most_precise(lines: Iterable[Declared], *path: str) -> Declared | None:
    """Of the lines that fit a schema, table and column, the one that says most."""
    fitting = (line for line in lines if line.fits(*path))
    return max(fitting, key=lambda line: line.precision, default=None)


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
