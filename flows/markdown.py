"""Markdown for artifacts: tables, lists, and texts that nothing interprets."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pipelines.foundation.time_zone import MEXICO_CITY

# columns of `ops` whose names differ from the words of the flows
WORDS = {"stream": "resource", "team_id": "team"}


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [columns, [":--"] * len(columns), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {_one_line(line)}" for line in lines)


def words(column: str) -> str:
    """A column's name as a heading."""
    return WORDS.get(column, column.removeprefix("rows_").replace("_", " "))


def local_time(moment: datetime | None) -> str:
    """A moment in Mexico City, to the minute."""
    return f"{moment.astimezone(MEXICO_CITY):%Y-%m-%d %H:%M}" if moment else "never"


def escaped(text: str) -> str:
    """A text from the account, which must not become a link, a picture or emphasis."""
    return re.sub(r"([\\`*_\[\]])", r"\\\1", text)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else _one_line(str(value)).replace("|", "\\|")


def _one_line(text: str) -> str:
    """A text on one line, in which nothing is HTML."""
    return " ".join(text.split()).replace("<", "&lt;")
