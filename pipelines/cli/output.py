"""What `load`, `transform`, `publish` and `run` print."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal

from rich.console import Console

from pipelines.cli.tables import print_records, print_table, to_the_second
from pipelines.foundation.wording import plural
from pipelines.load.plan import Step
from pipelines.monitoring.alerts import AlertUpdate, format_counts
from pipelines.publish.personal import shown
from pipelines.publish.publication import Publication
from pipelines.publish.versions import PARQUET, SNAPSHOT
from pipelines.transform.build import Transformation
from pipelines.warehouse.model_builds import tell_older
from pipelines.warehouse.run_log import LoadResult

DRIFT_TITLE = "Schema drift (kept in `extra`)"


def print_load(out: Console, result: LoadResult) -> None:
    """Print the tables that were written, every deviation, and a summary in one line."""
    rows = [
        [table, count, round(result.table_seconds.get(table, 0.0), 2)]
        for table, count in sorted(result.table_rows.items())
        if count
    ]
    if rows:
        print_table(out, "Loaded", ["table", "rows", "seconds"], rows)
    _print_deviations(out, result)
    for message in _remarks(result):
        out.print(message, style="yellow", soft_wrap=True)
    out.print(_summary(result), soft_wrap=True)


def _print_deviations(out: Console, result: LoadResult) -> None:
    silent = result.silent_teams()
    for team, reason in silent.items():
        line = f"{team}: no list could be read ({reason})"
        out.print(line, style="red", highlight=False, soft_wrap=True)
    deviations = [
        [stats.resource, stats.team_id, stats.status, stats.error or ""]
        for stats in result.resources
        if (stats.status != "ok" or stats.error) and stats.team_id not in silent
    ]
    if deviations:
        print_table(out, "Not ok", ["resource", "team", "status", "reason"], deviations)
    if result.drift:
        examples = shown(result.examples[key] for key in result.drift)
        found = zip(result.drift.items(), examples, strict=True)
        rows = [[*key, count, example] for (key, count), example in found]
        columns = ["resource", "path", "kind", "occurrences", "example"]
        print_table(out, DRIFT_TITLE, columns, rows)
    if result.differences:
        differences = [asdict(difference) for difference in result.differences]
        print_differences(out, [d | {"stream": d["resource"]} for d in differences])


def _remarks(result: LoadResult) -> list[str]:
    remarks = list(result.skipped_deletions)
    if rejects := len(result.rejects):
        verb = "was" if rejects == 1 else "were"
        remarks.append(f"{plural(rejects, 'record')} {verb} rejected; see ops.rejects.")
    if postponed := result.total("postponed"):
        parents = plural(postponed, "parent")
        remarks.append(f"The documents of {parents} wait for the next run (request budget).")
    return remarks


def _summary(result: LoadResult) -> str:
    seconds = 0.0
    if result.finished_at:
        seconds = (result.finished_at - result.started_at).total_seconds()
    retries = plural(result.retries, "retry", "retries")
    if resumed := sum(stats.request_stats.resumed for stats in result.resources):
        retries += f"; {plural(resumed, 'answer')} from an interrupted run"
    return (
        f"{result.status}: {plural(result.total('rows_seen'), 'record')} "
        f"in {plural(result.requests, 'request')} ({retries}), "
        f"{result.total('rows_changed'):,} new or changed, "
        f"{result.total('rows_deleted'):,} deleted, "
        f"{plural(len(result.teams), 'team')}, {seconds:.1f} s."
    )


def print_differences(out: Console, differences: Sequence[Mapping[str, object]]) -> None:
    """Print what the API delivered, and what the warehouse holds instead."""
    amounts = ["api_value", "warehouse_value"]
    records = [
        dict(difference) | {name: _plain_number(difference[name]) for name in amounts}
        for difference in differences
    ]
    columns = ["stream", "team_id", "measure", *amounts]
    print_records(out, "Differs from what the API delivered", columns, records)


def _plain_number(value: object) -> str:
    return f"{Decimal(str(value)).normalize():f}"


def print_plan(out: Console, plan: list[Step]) -> None:
    """Print what a load would request."""
    columns = ["team", "resource", "window", "requests", "note"]
    rows = [[s.team_id, s.stream, s.window, s.expected_requests, s.note] for s in plan]
    print_table(out, "Plan", columns, rows)
    expected = sum(step.expected_requests or 0 for step in plan)
    unknown = sum(step.expected_requests is None for step in plan)
    more = f", plus {plural(unknown, 'list')} of unknown length" if unknown else ""
    out.print(f"{plural(expected, 'request')} expected{more}. Nothing was loaded.", soft_wrap=True)


def print_transformation(out: Console, result: Transformation) -> None:
    """Print a line for each table that was not built, for each warning and note, and a summary."""
    for older in tell_older(result.older):
        out.print(f"not built: {older}", style="red", highlight=False, soft_wrap=True)
    for warning in result.warnings:
        out.print(f"warning: {warning}", style="yellow", highlight=False, soft_wrap=True)
    for note in result.notes:
        out.print(f"note: {note}", style="dim", highlight=False, markup=False, soft_wrap=True)
    out.print(
        f"{'needs attention' if result.needs_attention else 'ok'}: "
        f"{plural(result.models, 'model')} and {plural(result.tests, 'test')}, "
        f"as of {result.as_of or 'today'}, {plural(len(result.warnings), 'warning')}, "
        f"{result.seconds} s.",
        highlight=False,
        soft_wrap=True,
    )


def print_publication(out: Console, result: Publication) -> None:
    """Print what was published, how much it is, and where BI finds it."""
    out.print(
        f"Published run {result.run_id} as of {to_the_second(result.as_of)} UTC: "
        f"{plural(result.rows, 'row')} of {plural(result.tables, 'table')} "
        f"in {plural(result.files, 'file')}, {result.bytes / 2**20:,.1f} MB, "
        f"personal data: {result.pii}, {result.seconds:.1f} s.",
        highlight=False,
        soft_wrap=True,
    )
    for older in tell_older(result.older):
        out.print(f"older than the rest: {older}", style="red", highlight=False, soft_wrap=True)
    for name, kind in ((SNAPSHOT, "DuckDB, read-only"), (PARQUET, "Parquet files")):
        out.print(f"  {result.path / name}  {kind}", highlight=False, soft_wrap=True)


def print_alerts(out: Console, update: AlertUpdate) -> None:
    """Print how many alerts are new, and how many are open."""
    out.print(
        f"Alerts: {format_counts(update.new)} new of {format_counts(update.alerts)} open; "
        "see marts.mart_alerts.",
        highlight=False,
        soft_wrap=True,
    )
