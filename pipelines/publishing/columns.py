"""What is declared of columns, in `sql/columns.csv`: their meaning, and whether they are personal.

A line names a column (`client_name`), one of a single table (`cfdi_errors.description`), or many
(`*_rfc`); the first line that fits is the one that counts. Text that no line names counts as
personal, so that a new column cannot leak before somebody has looked at it.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from functools import cache

from pipelines.gigstack.shape import SQL_ROOT

# types that hold no text
PLAIN = tuple(
    "BIGINT INTEGER SMALLINT TINYINT HUGEINT UBIGINT UINTEGER DECIMAL DOUBLE FLOAT BOOLEAN "
    "DATE TIME INTERVAL UUID".split()
)
HASH_DIGITS = 32  # 128 bits


class Policy(Enum):
    """What becomes of personal data."""

    KEEP = "keep"
    HASH = "hash"  # the same value has the same hash everywhere, so joins and counts still work
    DROP = "drop"  # the column stays, empty, so that views and dashboards still work


@dataclass(frozen=True)
class Declared:
    """A line of `sql/columns.csv`."""

    pattern: str
    is_personal: bool
    description: str

    def fits(self, table: str, column: str) -> bool:
        name = f"{table}.{column}" if "." in self.pattern else column
        return fnmatchcase(name.lower(), self.pattern)


@dataclass(frozen=True)
class Column:
    """A column of a table, with the comment that the database has on it."""

    table: str
    name: str
    type: str
    comment: str | None = None

    @property
    def is_text(self) -> bool:
        """Whether its type can hold personal data: all but numbers, booleans and times."""
        return not self.type.startswith(PLAIN) or self.type.endswith("]")

    @property
    def declared(self) -> Declared | None:
        return next((one for one in declarations() if one.fits(self.table, self.name)), None)

    @property
    def is_personal(self) -> bool:
        return self.is_text and (self.declared is None or self.declared.is_personal)

    @property
    def description(self) -> str:
        return self.comment or (self.declared.description if self.declared else "")


@cache
def declarations() -> tuple[Declared, ...]:
    with (SQL_ROOT / "columns.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(
            Declared(row["column"].lower(), row["personal"] == "yes", row["description"])
            for row in csv.DictReader(lines)
        )


def projection(columns: Iterable[Column], policy: Policy) -> str:
    """A select list: every column, those that are personal as the policy says.

    Hashes read the key in DuckDB's variable `pii_key`.
    """
    return ", ".join(_selected(column, policy) for column in columns)


def _selected(column: Column, policy: Policy) -> str:
    name = '"' + column.name.replace('"', '""') + '"'
    if policy is Policy.KEEP or not column.is_personal:
        return name
    if policy is Policy.DROP:
        return f"null::{column.type} as {name}"
    digest = f"left(sha256(getvariable('pii_key') || {name}::varchar), {HASH_DIGITS})"
    if column.type == "JSON":
        return f"to_json({digest}) as {name}"
    return f"if({name} is null, null, {digest}) as {name}"
