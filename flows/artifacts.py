"""What a run leaves for an operator to read in Prefect: a summary, and a table by team and stream.

Both are read from the ledger. Times are shown in Mexico City.
API: https://docs.prefect.io/v3/concepts/artifacts
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from pipelines.foundation.time_zone import MEXICO_CITY
from pipelines.monitoring.alerts import SEVERITIES, AlertUpdate, format_counts
from pipelines.monitoring.result import RunResult
from pipelines.monitoring.run_details import Row, RunDetails, read_run_details

IN_WORDS = {
    "ok": "all is well",
    "warn": "all is there, something needs a look",
    "partial": "data is missing or wrong",
    "failed": "failed",
}
COUNTS = ("rows_seen", "rows_changed", "rows_deleted", "rejects")
MAX_ALERTS = 50  # rows; the others are counted
ALERT_COLUMNS = ("severity", "type", "due date", "amount, MXN")
TABLE_NOTE = (
    "One row per team and stream. `fresh_as_of`: when it was last read without an error, in Mexico "
    "City. `drift`: undeclared fields seen in this stream, in whatever team."
)


def record(flow: str, result: RunResult, data_dir: Path, error: Exception | None) -> None:
    """Create the artifacts of a run."""
    reviews = [read_run_details(data_dir, run.run_id) for run in (*result.runs, *result.repeats)]
    text = "\n\n".join(_summary(flow, result, reviews, error))
    create_markdown_artifact(text, key=f"gigstack-{_key(flow)}", description=f"What {flow} did")
    if reviews:
        create_table_artifact(
            [stream_row(row) for review in reviews for row in review.resources],
            key=f"gigstack-{_key(flow)}-streams",
            description=TABLE_NOTE,
        )


def _key(flow: str) -> str:
    return flow.replace("_", "-")


def stream_row(row: Row) -> Row:
    """A row of the ledger as the table shows it."""
    compared = f"{row['measures']} agree"
    if row["differences"]:
        compared = f"{row['differences']} of {row['measures']} differ"
    return {
        "team": row["team_id"],
        "stream": row["stream"],
        "status": row["status"],
        "fresh_as_of": local(row["read_at"]),
        "seen": row["rows_seen"],
        "changed": row["rows_changed"],
        "deleted": row["rows_deleted"],
        "rejects": row["rejects"],
        "drift": row["drift"],
        "reconciliation": compared if row["measures"] else "",
        "error": row["error"] or "",
    }


def local(moment: datetime | None) -> str:
    return f"{moment.astimezone(MEXICO_CITY):%Y-%m-%d %H:%M}" if moment else "never"


def _summary(
    flow: str, result: RunResult, reviews: Sequence[RunDetails], error: Exception | None
) -> Iterator[str]:
    """The paragraphs of the summary."""
    status = "failed" if error else result.status
    yield f"# {flow}: {IN_WORDS[status]}"
    if missing := [*([str(error)] if error else []), *result.missing()]:
        yield "## Missing or wrong\n\n" + _bullets(missing)
    if warnings := list(result.warnings()):
        yield "## To look at\n\n" + _bullets(warnings)
    if result.alerts:
        yield from _alerts(result.alerts)
    if reviews:
        yield "## Loaded\n\n" + _table(
            ["run", "started", "seconds", "requests", *map(_words, COUNTS)],
            [_run_cells(review.run) for review in reviews],
        )
        yield "## By team\n\n" + _table(
            ["team", "streams", "not ok", *map(_words, COUNTS)], _team_cells(reviews)
        )
    if steps := list(_steps(result)):
        yield "## Models and files\n\n" + _bullets(steps)
    yield from _findings(reviews)
    if reviews:
        yield "## Freshness\n\n" + _table(
            ["table", "rows", "last change", "last written"],
            [
                [
                    table["table_name"],
                    table["rows"],
                    local(table["updated_at"]),
                    local(table["loaded_at"]),
                ]
                for table in reviews[-1].tables
                if table["rows"]
            ],
        )
        yield "Times are Mexico City's. The table by team and stream is an artifact of its own."


def _alerts(update: AlertUpdate) -> Iterator[str]:
    """What needs a person and stands in no artifact yet. Titles are left out where they are not to
    be seen.
    """
    found = update.unreported
    yield f"## New alerts\n\n{format_counts(found)} of {format_counts(update.alerts)} open; marts.mart_alerts."
    if not found:
        return
    types = Counter((alert["alert_type"], alert["severity"]) for alert in found)
    yield _table(
        ["type", *SEVERITIES],
        [
            [_words(name), *(types[name, severity] for severity in SEVERITIES)]
            for name in sorted({name for name, _ in types})
        ],
    )
    has_titles = any(alert["title"] for alert in found)
    yield _table(
        [*ALERT_COLUMNS, *(["title"] if has_titles else []), "object", "team"],
        [_alert_cells(alert, has_titles) for alert in found[:MAX_ALERTS]],
    )
    if (more := len(found) - MAX_ALERTS) > 0:
        yield f"And {more:,} more."


def _alert_cells(alert: Row, has_titles: bool) -> list[Any]:
    return [
        alert["severity"],
        _words(alert["alert_type"]),
        alert["due_date"],
        alert["amount_mxn"] and f"{alert['amount_mxn']:,}",
        *([_literal(alert["title"] or "")] if has_titles else []),
        f"{alert['entity_type']} {alert['entity_id']}",
        alert["team_id"],
    ]


def _run_cells(run: Row) -> list[Any]:
    seconds = (run["finished_at"] - run["started_at"]).total_seconds()
    counts = [run[count] for count in COUNTS]
    return [run["run_id"], local(run["started_at"]), f"{seconds:.1f}", run["requests"], *counts]


def _team_cells(reviews: Iterable[RunDetails]) -> list[list[Any]]:
    rows = [row for review in reviews for row in review.resources]
    cells = []
    for team in sorted({row["team_id"] for row in rows}):
        own = [row for row in rows if row["team_id"] == team]
        not_ok = ", ".join(
            f"{row['stream']} ({row['status']})" for row in own if row["status"] != "ok"
        )
        sums = [sum(row[count] for row in own) for count in COUNTS]
        cells.append([team, len(own), not_ok, *sums])
    return cells


def _steps(result: RunResult) -> Iterator[str]:
    if built := result.transformation:
        yield f"{built.models} models, {built.tests} tests, {built.seconds:.1f} s"
    if files := result.publication:
        yield (
            f"published as version {files.number}: {files.rows:,} rows of {files.tables} tables "
            f"and views, {files.bytes / 2**20:,.1f} MB, personal data: {files.pii}, "
            f"{files.seconds:.1f} s"
        )


def _findings(reviews: Iterable[RunDetails]) -> Iterator[str]:
    """What was rejected, undeclared, or differs from what the API delivered."""
    for title, part in (
        ("Rejected records", "rejects"),
        ("Undeclared fields and values", "drift"),
        ("Not as the API delivered it", "differences"),
    ):
        rows: list[Row] = [row for review in reviews for row in getattr(review, part)]
        if rows:
            cells = [list(row.values()) for row in rows]
            yield f"## {title}\n\n" + _table([_words(name) for name in rows[0]], cells)


def _words(column: str) -> str:
    return column.removeprefix("rows_").replace("_", " ")


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {_plain(line)}" for line in lines)


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [columns, [":--"] * len(columns), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else _plain(str(value)).replace("|", "\\|")


def _plain(text: str) -> str:
    """On one line, and nothing of it read as HTML."""
    return " ".join(text.split()).replace("<", "&lt;")


def _literal(text: str) -> str:
    """Somebody's own words, of which Markdown makes no link, picture or emphasis."""
    return re.sub(r"([\\`*_\[\]])", r"\\\1", text)
