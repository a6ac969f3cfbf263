"""What `status`, and the first `load` of an account, print about each list."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from pipelines.cli.tables import print_table
from pipelines.foundation.wording import plural, shorten
from pipelines.monitoring.list_report import read_list_report
from pipelines.warehouse.run_log import LoadResult

MAX_FIELDS = 5  # named in a line; the others are counted

Row = Mapping[str, Any]


def print_first_load(out: Console, result: LoadResult, data_dir: Path) -> None:
    """After the first load of an account, print what its lists delivered."""
    if result.is_first:
        print_lists(out, read_list_report(data_dir, result.run_id))
        out.print("See docs/live.md for what to look at after a first live run.", soft_wrap=True)


def print_lists(out: Console, rows: Sequence[Row]) -> None:
    """Print a row for each resource, and which fields were never seen or are unknown."""
    columns = ["resource", "requests", "records", "API total", "proven whole", "date filter"]
    table = [
        [
            row["stream"],
            row["requests"],
            row["rows_seen"],
            row["api_total"],
            _proof(row),
            row["date_filter"],
        ]
        for row in rows
    ]
    print_table(out, "Lists", columns, table)
    for line in _field_lines(rows):
        out.print(line, highlight=False, soft_wrap=True)


def _proof(row: Row) -> str:
    """Whether the lists of all teams are whole, or why they may not be."""
    counts = {
        "whole": row["whole"],
        "a window": row["windows"],
        "not available": row["unavailable"],
        "failed": row["failed"],
    }
    counts["not proven"] = row["teams"] - sum(counts.values())
    parts = [f"{count} {word}" for word, count in counts.items() if count > 0]
    if row["whole"] == row["teams"]:
        return "yes"
    words = ", ".join(parts) if row["teams"] > 1 else parts[0].removeprefix("1 ")
    return f"no: {row['reason']}" if row["failed"] == row["teams"] == 1 else words


def _field_lines(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        for name, words in (("unknown", "unknown fields"), ("never_seen", "never seen")):
            if row[name]:
                fields = row[name].split(", ")
                shown = shorten(fields, MAX_FIELDS)
                yield f"  {row['stream']}, {words} ({plural(len(fields), 'field')}): {shown}"
