"""Tables in the terminal. API: https://rich.readthedocs.io/en/stable/tables.html"""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

STATUS_STYLES = {"ok": "green", "unavailable": "yellow", "warn": "yellow", "failed": "red"}
# columns of `ops` whose names differ from the words of the command line
HEADINGS = {"stream": "resource", "team_id": "team", "table_name": "table"}


def print_table(
    console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> None:
    """Print a table; columns of numbers are aligned to the right."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        is_numeric = rows and all(isinstance(row[number], int | float | None) for row in rows)
        table.add_column(column, justify="right" if is_numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console.print(table)


def print_records(
    console: Console, title: str, columns: Sequence[str], records: Sequence[dict[str, object]]
) -> None:
    """Print these columns of some records."""
    headings = [HEADINGS.get(column, column.replace("_", " ")) for column in columns]
    print_table(console, title, headings, [[record[c] for c in columns] for record in records])


def to_the_second(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:,.2f}"
        case int():
            return f"{value:,}"
        case datetime():
            return to_the_second(value)
    text = str(value)
    return f"[{STATUS_STYLES[text]}]{text}[/]" if text in STATUS_STYLES else escape(text)
