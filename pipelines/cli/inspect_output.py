"""What `check` and `status` print."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console

from pipelines.cli.list_output import print_lists
from pipelines.cli.output import DRIFT_TITLE, print_differences
from pipelines.cli.tables import print_records, print_table, to_the_second
from pipelines.foundation.wording import plural, shorten
from pipelines.gigstack.check.account import CheckResult
from pipelines.gigstack.check.resource import ResourceCheck
from pipelines.gigstack.settings import MODES
from pipelines.monitoring.status import Status

MAX_FIELDS = 8  # named in a line; the others are counted
CLOCK_PRECISION = 2.0  # seconds; the API tells its time in whole seconds


def print_check(out: Console, base_url: str, result: CheckResult) -> None:
    """Print what is true of the account, one row per resource, and what is not as it should be."""
    out.print(f"{base_url}, {_key_text(result)}", highlight=False, soft_wrap=True)
    columns = ["resource", "status", "rows", "paging", "date filter", "a load reads"]
    print_table(out, plural(len(result.teams), "team"), columns, _summary_rows(result))
    for line in _remarks(result):
        out.print(line, style="yellow", highlight=False, soft_wrap=True)
    account = result.account
    out.print(
        f"Unknown parameters: {account.odd_parameter}; unknown cursors: {account.odd_cursor}. "
        f"Announced limits: {_rate_text(account.rate_headers)}.",
        highlight=False,
        soft_wrap=True,
    )
    skew = result.clock_skew_seconds
    if skew is not None and abs(skew) <= CLOCK_PRECISION:
        out.print("The clocks agree.")
    elif skew is not None:
        direction = "ahead of" if skew > 0 else "behind"
        out.print(
            f"The API's clock is {abs(skew):.0f} s {direction} this machine's.", style="yellow"
        )
    out.print(f"{plural(result.requests, 'request')}; nothing was changed.")


def _key_text(result: CheckResult) -> str:
    livemode = result.account.livemode
    mode = "unknown mode" if livemode is None else MODES[livemode]
    expires_at = result.account.key_expires_at
    until = f", expires {expires_at:%Y-%m-%d}" if expires_at else ""
    return f"key of {result.key_team} ({mode}{until})"


def _rate_text(headers: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in headers.items()) or "none"


def _summary_rows(result: CheckResult) -> list[list[object]]:
    """One row per resource, over all teams that can be reached."""
    by_resource: dict[str, list[ResourceCheck]] = {}
    for check in result.findings:
        if check.team_id not in result.unreachable:
            by_resource.setdefault(check.stream, []).append(check)
    return [_summary_row(name, checks) for name, checks in by_resource.items()]


def _summary_row(name: str, checks: Sequence[ResourceCheck]) -> list[object]:
    answering = [check for check in checks if check.status == "ok"]
    counts = Counter(check.status for check in checks)
    status = (
        ", ".join(f"{n} {word}" for word, n in counts.items())
        if len(counts) > 1
        else checks[0].status
    )
    rows = [check.rows for check in answering]
    return [
        name,
        status,
        sum(r for r in rows if r is not None) if rows and None not in rows else None,
        _different(check.paging for check in answering),
        _different(check.date_filter for check in answering),
        _different(check.plan for check in answering),
    ]


def _different(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(word for word in words if word))


def _remarks(result: CheckResult) -> Iterator[str]:
    """Teams and lists that do not answer, and lists that carry less than single objects."""
    for team, reason in result.unreachable.items():
        yield f"{team}: no list answers ({reason})"
    for check in result.findings:
        if check.note and check.status != "ok" and check.team_id not in result.unreachable:
            yield f"{check.team_id} {check.stream}: {check.note}"
    for resource, names in result.kept.single_only.items():
        fields = shorten(names, MAX_FIELDS)
        yield f"{resource}: only a single object has {fields}; a load does not get these"


def print_status(out: Console, status: Status) -> None:
    """Print the last runs, how fresh each table is, and what needs attention. Times are UTC."""
    columns = ["started_at", "mode", "status", "requests", "rows_seen", "rows_changed", "drift"]
    print_records(out, "Last runs (UTC)", columns, status.runs)
    print_lists(out, status.lists)
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
    out.print(_backup_text(status), highlight=False, soft_wrap=True)


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


def _backup_text(status: Status) -> str:
    backup = status.backup
    if not backup:
        return "There is no backup yet (gigstack-etl backup --to DIR)."
    gone = "" if backup.path.exists() else " It is not there any more."
    return f"Last backup: {to_the_second(backup.made_at)} UTC, in {backup.path}.{gone}"
