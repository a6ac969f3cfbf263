"""What the terminal shows: progress while a run works, tables when it is done.

Progress and logs go to stderr; results go to stdout. Without a terminal, progress is plain lines.
API: https://rich.readthedocs.io
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipelines.gigstack.extract.stats import ProgressCallback, ResourceStats

SECONDS_BETWEEN_LINES = 5.0

STYLES = {"ok": "green", "unavailable": "yellow", "warn": "yellow", "failed": "red"}


@contextmanager
def progress(console: Console) -> Iterator[ProgressCallback]:
    """A watcher that shows, per stream over all teams, pages and rows as they come."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<26}"),
        TextColumn("{task.fields[pages]:>13}"),
        TextColumn("{task.fields[rows]:>14}"),
        TextColumn("{task.fields[state]:<12}"),
        TimeElapsedColumn(),
        console=console,
        transient=False,
    ) as bars:
        yield _Bars(bars)


@dataclass
class _Tally:
    pages: int = 0
    rows: int = 0
    open_teams: int = 0
    status: str = "ok"


class _Resources:
    """Adds up the reports of the teams, by stream."""

    def __init__(self) -> None:
        self._reports: dict[str, dict[str, ResourceStats]] = {}

    @property
    def are_read(self) -> bool:
        """Whether nothing is being read: what is left is to write."""
        return all(r.is_done for reports in self._reports.values() for r in reports.values())

    def tally(self, report: ResourceStats) -> _Tally:
        of_resource = self._reports.setdefault(report.resource, {})
        of_resource[report.team_id] = report
        reports = of_resource.values()
        worst = next((r.status for r in reports if r.status != "ok"), "ok")
        return _Tally(
            sum(r.pages for r in reports),
            sum(r.rows_seen for r in reports),
            sum(not r.is_done for r in reports),
            worst,
        )


class _Bars:
    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._resources = _Resources()
        self._writing = bars.add_task(
            "into the warehouse", total=None, pages="", rows="", state="writing", visible=False
        )

    def __call__(self, report: ResourceStats) -> None:
        tally = self._resources.tally(report)
        if report.resource not in self._tasks:
            self._tasks[report.resource] = self._bars.add_task(
                report.resource, total=1, pages="", rows="", state=""
            )
        style = STYLES.get(tally.status, "")
        state = "reading" if tally.open_teams else f"[{style}]{tally.status}[/]"
        self._bars.update(
            self._tasks[report.resource],
            pages=f"{tally.pages:,} pages",
            rows=f"{tally.rows:,} rows",
            state=state,
            completed=0 if tally.open_teams else 1,
        )
        self._bars.update(self._writing, visible=self._resources.are_read)


class _Lines:
    """One line when a stream of a team is read, and one every few seconds on long ones."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: dict[tuple[str, str], float] = {}

    def __call__(self, report: ResourceStats) -> None:
        key = (report.resource, report.team_id)
        now = time.monotonic()
        if not report.is_done and now - self._shown.setdefault(key, now) < SECONDS_BETWEEN_LINES:
            return
        self._shown[key] = now
        state = report.status if report.is_done else "reading"
        self._console.print(
            f"{report.resource} {report.team_id}: {report.pages} pages, "
            f"{report.request_stats.requests} requests, {state}",
            highlight=False,
            soft_wrap=True,
        )


def print_table(
    console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> None:
    """A table; columns whose values are all numbers are aligned to the right."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        is_number = all(isinstance(row[number], int | float | None) for row in rows) and rows
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console.print(table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    text = str(value)
    return f"[{STYLES[text]}]{text}[/]" if text in STYLES else escape(text)
