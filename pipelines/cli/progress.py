"""Progress in the terminal while a load runs, or plain lines where there is no terminal.

API: https://rich.readthedocs.io/en/stable/progress.html
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from pipelines.cli.tables import STATUS_STYLES
from pipelines.foundation.wording import plural
from pipelines.gigstack.extract.stats import ProgressCallback, ResourceStats

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def progress(console: Console) -> Iterator[ProgressCallback]:
    """A callback that shows pages and rows of each resource, over all teams."""
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
class _Sums:
    """What all teams have of one resource."""

    pages: int = 0
    rows: int = 0
    teams_reading: int = 0
    status: str = "ok"


class _Totals:
    """Adds up the teams of each resource."""

    def __init__(self) -> None:
        self._stats: dict[str, dict[str, ResourceStats]] = {}  # by resource and team

    @property
    def is_reading(self) -> bool:
        return any(not s.is_done for teams in self._stats.values() for s in teams.values())

    def update(self, stats: ResourceStats) -> _Sums:
        """Take the newest stats of one team, and return the sums of their resource."""
        by_team = self._stats.setdefault(stats.resource, {})
        by_team[stats.team_id] = stats
        teams = by_team.values()
        return _Sums(
            sum(s.pages for s in teams),
            sum(s.rows_seen for s in teams),
            sum(not s.is_done for s in teams),
            next((s.status for s in teams if s.status != "ok"), "ok"),
        )


class _Bars:
    """One line per resource, and one while the warehouse is written."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._totals = _Totals()
        self._writing = bars.add_task(
            "warehouse", total=None, pages="", rows="", state="writing", visible=False
        )

    def __call__(self, stats: ResourceStats) -> None:
        sums = self._totals.update(stats)
        style = STATUS_STYLES.get(sums.status, "")
        self._bars.update(
            self._task(stats.resource),
            pages=plural(sums.pages, "page"),
            rows=plural(sums.rows, "row"),
            state="reading" if sums.teams_reading else f"[{style}]{sums.status}[/]",
            completed=0 if sums.teams_reading else 1,
        )
        self._bars.update(self._writing, visible=not self._totals.is_reading)

    def _task(self, resource: str) -> TaskID:
        if resource not in self._tasks:
            self._tasks[resource] = self._bars.add_task(
                resource, total=1, pages="", rows="", state=""
            )
        return self._tasks[resource]


class _Lines:
    """One line when a resource of a team is read, and one every few seconds on long ones."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown_at: dict[tuple[str, str], float] = {}

    def __call__(self, stats: ResourceStats) -> None:
        key = (stats.resource, stats.team_id)
        now = time.monotonic()
        if not stats.is_done and now - self._shown_at.setdefault(key, now) < SECONDS_BETWEEN_LINES:
            return
        self._shown_at[key] = now
        state = stats.status if stats.is_done else "reading"
        self._console.print(
            f"{stats.resource} {stats.team_id}: {plural(stats.pages, 'page')}, "
            f"{plural(stats.request_stats.requests, 'request')}, {state}",
            highlight=False,
            soft_wrap=True,
        )
