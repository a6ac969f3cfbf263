"""The artifacts of a flow run: a summary in Markdown, and a table by team and resource.

Both come from the log of runs. Times are Mexico City's.
API: https://docs.prefect.io/v3/concepts/artifacts
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows.markdown import bullets, escaped, local_time, table, words
from pipelines.foundation.wording import plural
from pipelines.monitoring.alerts import SEVERITIES, AlertUpdate, format_counts
from pipelines.monitoring.result import RunResult
from pipelines.monitoring.run_details import Row, RunDetails, read_run_details

STATUS_WORDS = {
    "ok": "all is well",
    "warn": "complete, but something needs attention",
    "partial": "data is missing or wrong",
    "failed": "failed",
}
COUNTS = ("rows_seen", "rows_changed", "rows_deleted", "rejects")
MAX_ALERTS = 50  # rows; the others are counted
ALERT_COLUMNS = ("severity", "type", "due date", "amount, MXN")
TABLE_NOTE = (
    "One row per team and resource. `fresh_as_of`: when it was last read without an error, in "
    "Mexico City. `drift`: undeclared fields and values of this resource, over all teams."
)


def create_artifacts(flow: str, result: RunResult, data_dir: Path, error: Exception | None) -> None:
    """Create the artifacts of a run."""
    loads = (*result.loads, *result.reloads)
    details = [read_run_details(data_dir, load.run_id) for load in loads]
    key = f"gigstack-{flow.replace('_', '-')}"
    summary = "\n\n".join(_summary(flow, result, details, error))
    create_markdown_artifact(summary, key=key, description=f"What {flow} did")
    if details:
        create_table_artifact(
            [_resource_row(row) for run in details for row in run.resources],
            key=f"{key}-streams",
            description=TABLE_NOTE,
        )


def _resource_row(row: Row) -> Row:
    """A row of the log of runs as the table shows it."""
    comparison = f"{row['measures']} agree"
    if row["differences"]:
        comparison = f"{row['differences']} of {row['measures']} differ"
    return {
        "team": row["team_id"],
        "stream": row["stream"],
        "status": row["status"],
        "fresh_as_of": local_time(row["read_at"]),
        "seen": row["rows_seen"],
        "changed": row["rows_changed"],
        "deleted": row["rows_deleted"],
        "rejects": row["rejects"],
        "drift": row["drift"],
        "reconciliation": comparison if row["measures"] else "",
        "error": row["error"] or "",
    }


def _summary(
    flow: str, result: RunResult, details: Sequence[RunDetails], error: Exception | None
) -> Iterator[str]:
    """The paragraphs of the summary."""
    status = "failed" if error else result.status
    yield f"# {flow}: {STATUS_WORDS[status]}"
    if errors := [*([str(error)] if error else []), *result.errors()]:
        yield "## Missing or wrong\n\n" + bullets(errors)
    if warnings := list(result.warnings()):
        yield "## Needs attention\n\n" + bullets(warnings)
    if result.alerts:
        yield from _alerts(result.alerts)
    if details:
        yield from _loads(details)
    if steps := list(_steps(result)):
        yield "## Models and files\n\n" + bullets(steps)
    yield from _findings(details)
    if details:
        yield "## Freshness\n\n" + _freshness(details[-1])
        yield "Times are Mexico City's. The table by team and resource is a separate artifact."


def _alerts(update: AlertUpdate) -> Iterator[str]:
    """The alerts that no artifact shows yet, without titles where those are hidden."""
    alerts = update.unreported
    counts = f"{format_counts(alerts)} of {format_counts(update.alerts)} open"
    yield f"## New alerts\n\n{counts}; see marts.mart_alerts."
    if not alerts:
        return
    yield _alert_types(alerts)
    has_titles = any(alert["title"] for alert in alerts)
    yield table(
        [*ALERT_COLUMNS, *(["title"] if has_titles else []), "object", "team"],
        [_alert_cells(alert, has_titles) for alert in alerts[:MAX_ALERTS]],
    )
    if (more := len(alerts) - MAX_ALERTS) > 0:
        yield f"And {more:,} more."


def _alert_types(alerts: Sequence[Row]) -> str:
    counts = Counter((alert["alert_type"], alert["severity"]) for alert in alerts)
    return table(
        ["type", *SEVERITIES],
        [
            [words(name), *(counts[name, severity] for severity in SEVERITIES)]
            for name in sorted({name for name, _ in counts})
        ],
    )


def _alert_cells(alert: Row, has_titles: bool) -> list[Any]:
    return [
        alert["severity"],
        words(alert["alert_type"]),
        alert["due_date"],
        alert["amount_mxn"] and f"{alert['amount_mxn']:,}",
        *([escaped(alert["title"] or "")] if has_titles else []),
        f"{alert['entity_type']} {alert['entity_id']}",
        alert["team_id"],
    ]


def _loads(details: Sequence[RunDetails]) -> Iterator[str]:
    counts = [words(count) for count in COUNTS]
    yield "## Loaded\n\n" + table(
        ["run", "started", "seconds", "requests", *counts],
        [_run_cells(load.run) for load in details],
    )
    yield "## By team\n\n" + table(["team", "resources", "not ok", *counts], _team_cells(details))


def _run_cells(run: Row) -> list[Any]:
    seconds = (run["finished_at"] - run["started_at"]).total_seconds()
    counts = [run[count] for count in COUNTS]
    started = local_time(run["started_at"])
    return [run["run_id"], started, f"{seconds:.1f}", run["requests"], *counts]


def _team_cells(details: Iterable[RunDetails]) -> list[list[Any]]:
    rows = [row for load in details for row in load.resources]
    cells = []
    for team in sorted({row["team_id"] for row in rows}):
        own = [row for row in rows if row["team_id"] == team]
        not_ok = (f"{row['stream']} ({row['status']})" for row in own if row["status"] != "ok")
        sums = [sum(row[count] for row in own) for count in COUNTS]
        cells.append([team, len(own), ", ".join(not_ok), *sums])
    return cells


def _steps(result: RunResult) -> Iterator[str]:
    if built := result.transformation:
        models, tests = plural(built.models, "model"), plural(built.tests, "test")
        yield f"{models}, {tests}, {built.seconds:.1f} s"
    if files := result.publication:
        tables = plural(files.tables, "table or view", "tables and views")
        yield (
            f"published as version {files.number}: {plural(files.rows, 'row')} of {tables}, "
            f"{files.bytes / 2**20:,.1f} MB, personal data: {files.pii}, {files.seconds:.1f} s"
        )


def _findings(details: Iterable[RunDetails]) -> Iterator[str]:
    """What was rejected, is undeclared, or differs from what the API delivered."""
    for title, part in (
        ("Rejected records", "rejects"),
        ("Undeclared fields and values", "drift"),
        ("Differs from what the API delivered", "differences"),
    ):
        rows: list[Row] = [row for load in details for row in getattr(load, part)]
        if rows:
            headings = [words(column) for column in rows[0]]
            yield f"## {title}\n\n" + table(headings, [list(row.values()) for row in rows])


def _freshness(details: RunDetails) -> str:
    return table(
        ["table", "rows", "last change", "last written"],
        [
            [
                row["table_name"],
                row["rows"],
                local_time(row["updated_at"]),
                local_time(row["loaded_at"]),
            ]
            for row in details.tables
            if row["rows"]
        ],
    )
