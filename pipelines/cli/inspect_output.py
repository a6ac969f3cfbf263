"""What `check` and `status` print."""

from datetime import UTC, datetime

from rich.console import Console

from pipelines.cli.output import DRIFT_TITLE, print_differences
from pipelines.cli.tables import print_records, print_table, to_the_second
from pipelines.foundation.wording import plural
from pipelines.gigstack.check import CheckResult
from pipelines.monitoring.status import Status

CLOCK_PRECISION = 2.0  # seconds; the API tells its time in whole seconds


def print_check(out: Console, base_url: str, result: CheckResult) -> None:
    """Print a table for each team, with one row per resource; then the clocks."""
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
        direction = "ahead of" if skew > 0 else "behind"
        out.print(
            f"The API's clock is {abs(skew):.0f} s {direction} this machine's.", style="yellow"
        )
    out.print(f"{plural(result.requests, 'request')}; nothing was changed.")


def print_status(out: Console, status: Status) -> None:
    """Print the last runs, how fresh each table is, and what needs attention. Times are UTC."""
    columns = ["started_at", "mode", "status", "requests", "rows_seen", "rows_changed", "drift"]
    print_records(out, "Last runs (UTC)", columns, status.runs)
    columns = ["table_name", "rows", "updated_at", "loaded_at"]
    print_records(out, "Freshness (UTC)", columns, status.tables)
    if status.runs and status.runs[0]["message"]:
        out.print(f"Last run: {status.runs[0]['message']}", style="red")
    if status.streams:
        columns = ["team_id", "stream", "status", "error"]
        print_records(out, "Not ok in the last run", columns, status.streams)
    if status.drift:
        columns = ["stream", "path", "kind", "example", "occurrences"]
        print_records(out, DRIFT_TITLE, columns, status.drift)
    if status.differences:
        print_differences(out, status.differences)
    out.print(
        f"Rejected records: {status.rejects:,} in the last run, {status.rejects_kept:,} kept "
        "(load --retry-rejects tries them again). "
        f"Pending load packages: {status.pending_packages}."
    )
    _print_published(out, status)


def _print_published(out: Console, status: Status) -> None:
    published = status.published
    if not published:
        out.print("Nothing is published yet (gigstack-etl publish).")
        return
    hours = (datetime.now(UTC) - published.as_of).total_seconds() / 3600
    out.print(
        f"Published: run {published.run_id} as of {to_the_second(published.as_of)} UTC, "
        f"{hours:,.1f} hours ago; personal data: {published.pii}.",
        soft_wrap=True,
    )
