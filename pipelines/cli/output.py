"""What the commands print when they are done, for people and as JSON."""

from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console

from pipelines.cli.progress import print_table
from pipelines.foundation.paths import published_dir, warehouse_path
from pipelines.gigstack.check import CheckResult
from pipelines.load.plan import Step
from pipelines.monitoring.alerts import AlertUpdate, counted, format_counts
from pipelines.monitoring.result import RunResult
from pipelines.monitoring.status import Status
from pipelines.publish.publication import Publication
from pipelines.transform.build import Transformation
from pipelines.warehouse.run_log import LoadResult

CLOCK_PRECISION = 2.0  # seconds; the API tells its time in whole ones


def run_json(run: LoadResult, data_dir: Path) -> dict[str, Any]:
    """A run as one document; times are UTC."""
    return {
        "run_id": run.run_id,
        "mode": run.mode,
        "status": run.status,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "teams": run.teams,
        "requests": run.requests,
        "retries": run.retries,
        "rows_seen": run.total("rows_seen"),
        "rows_changed": run.total("rows_changed"),
        "rows_deleted": run.total("rows_deleted"),
        "rejects": len(run.rejects),
        "held_back": run.held_back,
        "differences": [
            {"team_id": d.team_id, "stream": d.resource, "measure": d.measure}
            | {"api": str(d.api_value), "warehouse": str(d.warehouse_value)}
            for d in run.differences
        ],
        "drift": [
            {"stream": s, "path": p, "kind": k, "example": run.examples[s, p, k], "occurrences": n}
            for (s, p, k), n in run.drift.items()
        ],
        "streams": [
            {
                "stream": s.resource,
                "team_id": s.team_id,
                "status": s.status,
                "pages": s.pages,
                "requests": s.request_stats.requests,
                "rows_seen": s.rows_seen,
                "rows_changed": s.rows_changed,
                "rows_deleted": s.rows_deleted,
                "window_start": s.window_start,
                "complete_sweep": s.complete_sweep,
                "error": s.error,
            }
            for s in run.resources
        ],
        "tables": dict(sorted(run.table_rows.items())),
        "warehouse": str(warehouse_path(data_dir)),
    }


def run_result_json(result: RunResult, data_dir: Path) -> dict[str, Any]:
    """Load, transformation, publication, and how many alerts there are of each severity, as one
    document; times are UTC.
    """
    return {
        "status": result.status,
        "missing": list(result.missing()),
        "to_look_at": list(result.warnings()),
        "load": [run_json(run, data_dir) for run in result.runs],
        "transform": result.transformation and asdict(result.transformation),
        "publish": result.publication and asdict(result.publication),
        "alerts": result.alerts
        and {"new": counted(result.alerts.new), "open": counted(result.alerts.alerts)},
    }


def print_run(out: Console, run: LoadResult) -> None:
    """The tables that were written, every deviation, and one line that sums it up."""
    rows = [
        [table, count, round(run.table_seconds.get(table, 0.0), 2)]
        for table, count in sorted(run.table_rows.items())
        if count
    ]
    if rows:
        print_table(out, "Loaded", ["table", "rows", "seconds"], rows)
    deviations = [
        [s.resource, s.team_id, s.status, s.error or ""]
        for s in run.resources
        if s.status != "ok" or s.error
    ]
    if deviations:
        print_table(out, "Not ok", ["resource", "team", "status", "why"], deviations)
    if run.drift:
        drift = [[*key, count, run.examples[key]] for key, count in run.drift.items()]
        columns = ["resource", "path", "kind", "times", "example"]
        print_table(out, "Schema drift (kept in `extra`)", columns, drift)
    if run.differences:
        print_differences(out, [asdict(difference) for difference in run.differences])
    for held_back in run.held_back:
        out.print(held_back, style="yellow", soft_wrap=True)
    if run.rejects:
        out.print(f"{len(run.rejects)} records were rejected; see ops.rejects.", style="yellow")
    if postponed := run.total("postponed"):
        out.print(f"Documents of {postponed:,} parents wait for the next run (request budget).")
    seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at else 0.0
    out.print(
        f"{run.status}: {run.total('rows_seen'):,} records in {run.requests:,} requests "
        f"({run.retries} repeated{_resumed(run)}), {run.total('rows_changed'):,} new or changed, "
        f"{run.total('rows_deleted'):,} deleted, "
        f"{len(run.teams)} teams, {seconds:.1f} s.",
        soft_wrap=True,
    )


def print_differences(out: Console, differences: list[dict[str, Any]]) -> None:
    """What the API delivered, and what the warehouse holds instead."""
    columns = ["stream", "team_id", "measure", "api_value", "warehouse_value"]
    amounts = columns[-2:]
    rows = [
        [*(one[c] for c in columns[:-2]), *(f"{Decimal(one[c]).normalize():f}" for c in amounts)]
        for one in differences
    ]
    print_table(out, "Not as the API delivered it", columns, rows)


def _resumed(run: LoadResult) -> str:
    answers = sum(resource.request_stats.resumed for resource in run.resources)
    return f"; {answers:,} answers from a run that died" if answers else ""


def print_answer(out: Console, question: str, query: str, rows: list[dict[str, Any]]) -> None:
    """A question, its query, and what the warehouse answers."""
    out.print(f"\n{question}:\n", style="bold")
    out.print(query, highlight=False, style="dim")
    out.print()
    print_table(out, "", list(rows[0]) if rows else ["nothing"], [list(r.values()) for r in rows])


def print_publication(out: Console, published: Publication) -> None:
    """What was published, how much it is, and where BI finds it."""
    out.print(
        f"Published run {published.run_id} as of {_to_the_second(published.as_of)} UTC: "
        f"{published.rows:,} rows of {published.tables} tables in {published.files} files, "
        f"{published.bytes / 2**20:,.1f} MB, personal data: {published.pii}, "
        f"{published.seconds:.1f} s.",
        highlight=False,
        soft_wrap=True,
    )
    for name, what in (("analytics.duckdb", "DuckDB, read-only"), ("parquet", "Parquet files")):
        out.print(f"  {published.path / name}  {what}", highlight=False, soft_wrap=True)


def print_alerts(out: Console, update: AlertUpdate) -> None:
    """How many things that need a person were not there the last time, and how many there are."""
    out.print(
        f"Alerts: {format_counts(update.new)} new of {format_counts(update.alerts)} open; see marts.mart_alerts.",
        highlight=False,
        soft_wrap=True,
    )


def print_next_steps(out: Console, data_dir: Path, report: Path) -> None:
    """Where the demo left its warehouse and the report's pages, and what to try next."""
    from pipelines.report.declared import pages

    page_names = ", ".join(page.title.en for page in pages())
    for line in (
        f"Warehouse: {warehouse_path(data_dir)} (gigstack, core, marts, reportes, ops)",
        f"For BI:    {published_dir(data_dir) / 'analytics.duckdb'}, and Parquet beside it",
        f"Report:    {report} (open it in a browser; pages: {page_names})",
        "Next:",
        f"  gigstack-etl status --data-dir {data_dir}",
        "  gigstack-etl check     your own account, with GIGSTACK_API_KEY set; changes nothing",
        "  gigstack-etl load      into data/warehouse.duckdb",
    ):
        out.print(line, highlight=False, soft_wrap=True)


def print_check_result(out: Console, base_url: str, result: CheckResult) -> None:
    """A table for each team, one row a stream; then the clocks."""
    out.print(f"{base_url}, key of {result.key_team}", highlight=False, soft_wrap=True)
    columns = ["resource", "status", "rows", "paging", "date filter", "note"]
    for team in result.teams:
        rows = [
            [f.stream, f.status, f.rows, f.paging, f.date_filter, f.note]
            for f in result.findings
            if f.team_id == team
        ]
        print_table(out, team, columns, rows)
    skew = result.clock_skew_seconds
    if skew is not None and abs(skew) <= CLOCK_PRECISION:
        out.print("The clocks agree.")
    elif skew is not None:
        out.print(f"The API's clock is {skew:+.0f} s off this machine's.", style="yellow")
    out.print(f"{result.requests} requests; nothing was changed.")


def print_plan(out: Console, plan: list[Step]) -> None:
    """What a load would ask for."""
    columns = ["team", "resource", "window", "requests", "note"]
    rows = [[s.team_id, s.stream, s.window, s.expected_requests, s.note] for s in plan]
    print_table(out, "Plan", columns, rows)
    expected = sum(step.expected_requests or 0 for step in plan)
    unknown = sum(step.expected_requests is None for step in plan)
    more = f", and those of {unknown} lists whose length the API does not tell" if unknown else ""
    out.print(f"{expected:,} requests expected{more}. Nothing was loaded.", soft_wrap=True)


def print_status(out: Console, status: Status) -> None:
    """The last runs, how fresh each table is, and what is open. Times are UTC."""
    columns = ["started_at", "mode", "status", "requests", "rows_seen", "rows_changed", "drift"]
    rows = [[_to_the_second(run[column]) for column in columns] for run in status.runs]
    print_table(out, "Last runs (UTC)", columns, rows)
    columns = ["table_name", "rows", "updated_at", "loaded_at"]
    rows = [[_to_the_second(table[column]) for column in columns] for table in status.tables]
    print_table(out, "Freshness (UTC)", columns, rows)
    if status.runs and status.runs[0]["message"]:
        out.print(f"Last run: {status.runs[0]['message']}", style="red")
    if status.streams:
        columns = ["team_id", "stream", "status", "error"]
        rows = [[resource[column] for column in columns] for resource in status.streams]
        print_table(out, "Not ok in the last run", columns, rows)
    if status.drift:
        columns = ["stream", "path", "kind", "example", "occurrences"]
        rows = [[finding[column] for column in columns] for finding in status.drift]
        print_table(out, "Schema drift (kept in `extra`)", columns, rows)
    if status.differences:
        print_differences(out, status.differences)
    out.print(
        f"Rejected records: {status.rejects} in the last run, {status.rejects_kept} kept "
        "(load --retry-rejects tries them again). "
        f"Pending load packages: {status.pending_packages}."
    )
    if status.published:
        hours = (datetime.now(UTC) - status.published.as_of).total_seconds() / 3600
        out.print(
            f"Published: run {status.published.run_id} as of "
            f"{_to_the_second(status.published.as_of)} UTC, {hours:,.1f} hours ago; "
            f"personal data: {status.published.pii}.",
            soft_wrap=True,
        )
    else:
        out.print("Nothing is published yet (gigstack-etl publish).")


def _to_the_second(value: object) -> object:
    return f"{value:%Y-%m-%d %H:%M:%S}" if hasattr(value, "strftime") else value


def print_transformation(console: Console, done: Transformation) -> None:
    """One line, and one for each warning."""
    for warning in done.warnings:
        console.print(f"warning: {warning}", style="yellow", highlight=False, soft_wrap=True)
    day = f"as of {done.as_of}" if done.as_of else "as of today"
    console.print(
        f"{'needs a look' if done.needs_attention else 'ok'}: {done.models} models and {done.tests} "
        f"tests, {day}, {len(done.warnings)} warnings, {done.seconds} s.",
        highlight=False,
        soft_wrap=True,
    )
