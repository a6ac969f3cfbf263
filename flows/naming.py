"""Names of flow runs: flow, teams, window, and day."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from prefect import runtime

from pipelines.foundation.errors import ConfigurationError
from pipelines.foundation.time_zone import MEXICO_CITY
from pipelines.foundation.wording import shorten
from pipelines.gigstack.settings import Settings, read_settings

MAX_TEAMS_NAMED = 3


def run_name(window: Callable[[Settings, dict[str, Any]], str]) -> Callable[[], str]:
    """A name such as `nightly all teams, last 90 days, 2026-11-26`."""

    def name() -> str:
        parameters = runtime.flow_run.parameters
        settings = _settings()
        due = runtime.flow_run.scheduled_start_time or datetime.now(MEXICO_CITY)
        parts = (
            format_teams(parameters.get("teams") or settings.teams),
            window(settings, parameters),
            str(due.astimezone(MEXICO_CITY).date()),
        )
        return f"{runtime.flow_run.flow_name} {', '.join(part for part in parts if part)}"

    return name


def format_teams(teams: Any) -> str:
    """As `own team`, `all teams`, or `team_1 team_2 team_3 and 4 more`."""
    if not teams:
        return "own team"
    if list(teams) == ["all"]:
        return "all teams"
    return shorten(teams, MAX_TEAMS_NAMED, " ")


def _settings() -> Settings:
    """The configured settings, for a name only: the key is not read, and the run itself reports
    wrong settings.
    """
    try:
        return read_settings(lambda: "not-read")
    except ConfigurationError:
        return Settings(api_key="not-read")
