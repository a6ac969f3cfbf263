"""The staging views: every table of the loader renamed, cast, with local dates.

A view that does more is written by hand. It lacks the line `BY`, and is left as it is.
"""

import re
import textwrap
from pathlib import Path

from pipelines.foundation.paths import SQL
from tests.generate.columns import LoaderColumn, LoaderTable
from tests.generate.names import list_of

VIEWS = SQL / "models" / "staging"
BY = "-- `make generate` writes this view."
WIDTH = 100
INSTANT = "TIMESTAMP WITH TIME ZONE"
MOMENT, DAY = "_at", "_date"
DAYLESS = {"loaded_at"}
KINDS = ("id", "VARCHAR", "JSON", "number", "BOOLEAN", "DATE", INSTANT)  # in this order
NUMBERS = ("DECIMAL", "DOUBLE", "BIGINT")
SELECTED = re.compile(r"^    (?:\S.* as |\) as |    as )?(\w+),$", re.MULTILINE)

Selected = tuple[str, str, str]  # kind, expression, name


def view_path(table: LoaderTable) -> Path:
    return VIEWS / f"stg_{table.name}.sql"


def is_by_hand(path: Path) -> bool:
    return path.exists() and BY not in path.read_text(encoding="utf-8").splitlines()


def view_columns(table: LoaderTable) -> list[str]:
    """The names of a view's columns, also of one that is written by hand."""
    path = view_path(table)
    text = path.read_text(encoding="utf-8") if is_by_hand(path) else view(table)
    return SELECTED.findall(text.rpartition("\nselect\n")[2])


def view(table: LoaderTable) -> str:
    """The text of a view."""
    columns = [selected for column in table.columns for selected in _selected(column)]
    columns.sort(key=lambda selected: KINDS.index(selected[0]))
    lines = [
        *textwrap.wrap(table.head.grain, WIDTH, initial_indent="-- ", subsequent_indent="-- "),
        BY,
        "select",
        *(_line(expression, name) for _, expression, name in columns),
        f"from {{{{ source('gigstack', '{table.name}') }}}}",
    ]
    return "\n".join(lines) + "\n"


def _line(expression: str, name: str) -> str:
    if expression == name:
        return f"    {name},"
    line = f"    {expression} as {name},"
    return line if len(line) <= WIDTH else f"    {expression}\n        as {name},"


def _selected(column: LoaderColumn) -> list[Selected]:
    """What the view selects of a column: nothing, itself, or a moment and its local day."""
    if column.staged is None:
        return []
    selected = (_kind(column), _expression(column), column.staged)
    if column.type != INSTANT or column.name in DAYLESS:
        return [selected]
    day = column.staged.removesuffix(MOMENT) + DAY
    return [("DATE", f"{{{{ local_date('{column.name}') }}}}", day), selected]


def _kind(column: LoaderColumn) -> str:
    if column.type.startswith(NUMBERS):
        return "number"
    is_id = column.name == "uuid" or column.name.endswith("_id")
    return "id" if is_id and column.type == "VARCHAR" else column.type


def _expression(column: LoaderColumn) -> str:
    code = list_of(column.name)
    if code:
        return f"{{{{ listed('{column.name}', '{code}') }}}}"
    if column.staged == "tax_name":
        return f"{{{{ tax_name('{column.name}') }}}}"
    if column.name == "zip" or column.name.endswith(("_zip", "address_zip")):
        return f"{{{{ zip_code('{column.name}') }}}}"
    if column.name == "automatic_invoice_error":
        return f"{{{{ unless_none('{column.name}') }}}}"
    if column.type == "DOUBLE":
        return f"try_cast({column.name} as decimal(18, 6))"
    return column.name
