"""What is written about the tables: for dbt, for BI and for people."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

from pipelines.foundation.paths import SQL
from pipelines.gigstack.endpoint_types import Entity, Pagination, Resource, Scope
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
from tests.generate.columns import LoaderTable, glossary
from tests.generate.staging import DAY, MOMENT, view_columns

TABLES_PAGE = SQL.parent / "docs" / "tables.md"
BEGIN, END = "<!-- make generate writes from here -->\n", "<!-- to here -->\n"
PLAIN = re.compile(r"[A-Za-z]((?!: | #).)*")  # text that YAML needs no quotes for

Tables = dict[str, LoaderTable]


def columns_csv(tables: Tables) -> str:
    """Every column that the loader writes, for publishing and for whoever looks one up."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("table", "column", "type", "personal", "description"))
    for table in tables.values():
        for column in table.columns:
            personal = "yes" if column.is_personal else "no"
            lines.writerow((table.name, column.name, column.type, personal, column.description))
    return text.getvalue()


def sources_yml(tables: Tables) -> str:
    lines = [
        "# `make generate` writes this file. `gigstack-etl load` fills the tables.",
        "sources:",
        "  - name: gigstack",
        "    description: Normalized tables of the gigstack API, one per object and nested list.",
        "    tables:",
    ]
    for name in sorted(tables):
        lines.append(f"      - name: {name}")
        lines.append(f"        description: {_scalar(tables[name].head.grain)}")
    return "\n".join(lines) + "\n"


def staging_yml(tables: Tables) -> str:
    lines = ["# `make generate` writes this file: one view per table of the loader.", "models:"]
    for name in sorted(tables):
        lines.append(f"  - name: stg_{name}")
        lines.append(f"    description: {_scalar(tables[name].head.grain)}")
        lines.append("    columns:")
        for column, meaning in _meanings(tables[name]):
            lines.append(f"      - name: {column}")
            lines.append(f"        description: {meaning}")
    return "\n".join(lines) + "\n"


def _meanings(table: LoaderTable) -> Iterator[tuple[str, str]]:
    """The columns of the view, each with its own meaning in this table or that of its name.

    Raises: LookupError for a column of a view written by hand that nothing describes.
    """
    own = {c.staged: c.description for c in table.columns if c.name in table.head.columns}
    for name in view_columns(table):
        moment = name.removesuffix(DAY) + MOMENT
        if name in own:
            yield name, _scalar(own[name])
        elif name in glossary():
            yield name, f"\"{{{{ doc('{name}') }}}}\""
        elif name.endswith(DAY) and moment in own:
            yield name, f"Local day of {moment}."
        else:
            raise LookupError(f"stg_{table.name}.{name}: describe it in sql/models/columns.md.")


def lists_macro() -> str:
    """The lists of a team that are read page by page: their answers carry a total."""
    lines = [
        "{#- `make generate` writes this file: the lists of a team that are read page by page, the",
        "    view of each, and what document_kind its rows have there. -#}",
        "{% macro paged_lists() -%}",
        "    {{ return([",
    ]
    for resource in RESOURCES.values():
        if resource.scope is Scope.TEAM and resource.pagination is not Pagination.SINGLE:
            kind = f"'{resource.kind}'" if resource.kind else "none"
            entry = f"'name': '{resource.name}', 'view': 'stg_{resource.entity}', 'kind': {kind}"
            lines.append(f"        {{{entry}}},")
    return "\n".join([*lines, "    ]) }}", "{%- endmacro %}"]) + "\n"


def tables_page(tables: Tables) -> str:
    """The page about the tables, with its tables written anew between the two marks."""
    before, _, rest = TABLES_PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    topics: dict[str, list[Entity]] = {}
    for entity in ENTITIES.values():
        topics.setdefault(tables[entity.name].head.topic, []).append(entity)
    parts = [_topic(topic, entities, tables) for topic, entities in topics.items()]
    return "".join((before, BEGIN, *parts, "\n", END, after))


def _topic(topic: str, entities: list[Entity], tables: Tables) -> str:
    lines = [f"\n## {topic[0].upper()}{topic[1:]}\n"]
    lines += ["| table | one row per | key, after `team_id` | read from |", "|---|---|---|---|"]
    for entity in entities:
        for table in entity.tables:
            grain = tables[table.name].head.grain.removeprefix("One row per ").rstrip(".")
            key = ", ".join(f"`{column}`" for column in table.key)
            paths = _paths(entity) if table == entity.root else ""
            lines.append(f"| `{table.name}` | {grain} | {key} | {paths} |")
    return "\n".join(lines) + "\n"


def _paths(entity: Entity) -> str:
    return ", ".join(_path(one) for one in RESOURCES.values() if one.entity == entity.name)


def _path(resource: Resource) -> str:
    path = " or ".join(f"`{path}`" for path in resource.paths)
    return f"{path} (only when named)" if resource.is_optional else path


def _scalar(text: str) -> str:
    """The text as YAML: as it is, or in quotes where it needs them."""
    return text if PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def documents(tables: Tables) -> dict[Path, str]:
    """Every file about the tables, by its path."""
    staging = SQL / "models" / "staging"
    return {
        SQL / "loader" / "columns.csv": columns_csv(tables),
        staging / "_sources.yml": sources_yml(tables),
        staging / "_staging.yml": staging_yml(tables),
        SQL / "macros" / "paged_lists.sql": lists_macro(),
        TABLES_PAGE: tables_page(tables),
    }
