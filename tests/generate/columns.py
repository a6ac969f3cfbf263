"""Every column of the loader's tables: type, name in staging, meaning, personal or not.

A meaning is written once: in the head of the table's file, or else for all columns of a name in
the glossary `sql/models/columns.md`, or else in `sql/published_columns.csv`.
"""

import re
from dataclasses import dataclass, replace
from functools import cache

from pipelines.foundation.paths import SQL
from pipelines.gigstack.endpoint_types import Entity, Table
from pipelines.gigstack.endpoints import ENTITIES
from pipelines.publish.columns import LOADER_SCHEMA, Column, rule_of
from tests.generate.heads import Head, read_heads
from tests.generate.names import staged_name
from tests.sql.rows import normalizer_of

DOCS = re.compile(r"{% docs (\w+) %}(.*?){% enddocs %}", re.DOTALL)


@dataclass(frozen=True)
class LoaderColumn:
    """A column as the loader writes it; `staged` is its name in staging, if it gets there."""

    name: str
    type: str
    staged: str | None
    is_personal: bool
    description: str


@dataclass(frozen=True)
class LoaderTable:
    """A table with its head and all of its columns."""

    name: str
    head: Head
    columns: tuple[LoaderColumn, ...]


@cache
def loader_tables() -> dict[str, LoaderTable]:
    """All of them, in the order of the entries.

    Raises: LookupError that names every table and column of which something is not said, and
    says what to write where.
    """
    tables: dict[str, LoaderTable] = {}
    gaps: list[str] = []
    for entity in ENTITIES.values():
        types = normalizer_of(entity.name).columns
        described, missing = describe(entity, read_heads(entity.name), types)
        tables |= {table.name: table for table in described}
        gaps += [f"sql/loader/normalize/{entity.name}.sql: {gap}" for gap in missing]
    if gaps:
        raise LookupError("\n".join(gaps))
    return tables


@cache
def glossary() -> dict[str, str]:
    """What a column of a name means wherever it stands."""
    text = (SQL / "models" / "columns.md").read_text(encoding="utf-8")
    return {name: " ".join(meaning.split()) for name, meaning in DOCS.findall(text)}


def describe(
    entity: Entity, heads: dict[str, Head], types: dict[str, dict[str, str]]
) -> tuple[list[LoaderTable], list[str]]:
    """The tables of an entity, and what to write where something is not said of them."""
    tables, gaps = [], []
    for table in entity.tables:
        if table.name not in heads:
            gaps.append(f"add the comment `-- {table.name}: one row per …`.")
            continue
        kinds = types[table.name]
        unknown = heads[table.name].columns.keys() - kinds.keys()
        gaps += [f"{name} is described, but no column." for name in sorted(unknown)]
        head = _with_the_key_of_its_root(entity, table, heads)
        columns = [_column(table.name, head, name, kind) for name, kind in kinds.items()]
        tables.append(LoaderTable(table.name, head, tuple(column for column, _ in columns)))
        gaps += [gap for _, gap in columns if gap]
    if entity.name in heads and not heads[entity.name].topic:
        gaps.append("add a line `-- Topic: …`, a heading of docs/tables.md.")
    return tables, gaps


def _with_the_key_of_its_root(entity: Entity, table: Table, heads: dict[str, Head]) -> Head:
    """A child's head, with what the root's says of the columns that lead to the root."""
    head, root = heads[table.name], heads.get(entity.root.name)
    if table.parent is None or root is None:
        return head
    key = {name: root.columns[name] for name in entity.root.key if name in root.columns}
    return replace(head, columns=key | head.columns)


def _column(table: str, head: Head, name: str, kind: str) -> tuple[LoaderColumn, str]:
    """The column, and what to write where something is not said of it."""
    note, rule = head.columns.get(name), rule_of(LOADER_SCHEMA, table, name)
    staged = staged_name(name, note)
    meaning = note.description if note else glossary().get(staged or "", "")
    meaning = meaning or (rule.description if rule else "")
    said = note.is_personal if note else None
    said = rule.is_personal if said is None and rule else said
    is_text = Column(LOADER_SCHEMA, table, name, kind).is_text
    column = LoaderColumn(name, kind, staged, is_text and said is not False, meaning)
    if is_text and said is None:
        lines = f"`-- {name} (personal): …` or `-- {name} (not personal): …`"
    elif not meaning:
        lines = f"`-- {name}: …`"
    else:
        return column, ""
    return column, f"write what {name} is below `-- {table}: one row per …`: {lines}."
