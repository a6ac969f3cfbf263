"""What a flow run is called: its teams, its window, and the day it is for."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from prefect import runtime

from pipelines.foundation.errors import ConfigurationError
from pipelines.foundation.time_zone import MEXICO_CITY
from pipelines.gigstack.settings import Settings, read_settings

MAX_TEAMS_NAMED = 3


def run_name(window: Callable[[Settings, dict[str, Any]], str]) -> Callable[[], str]:
    """A name such as `nightly all teams, last 90 days, 2026-11-26`."""

    def name() -> str:
        parameters = runtime.flow_run.parameters
        settings = _settings()
        due = runtime.flow_run.scheduled_start_time or datetime.now(MEXICO_CITY)
        day = due.astimezone(MEXICO_CITY).date()
        said = [teams_named(parameters.get("teams") or settings.teams)]
        said += [text for text in (window(settings, parameters), str(day)) if text]
        return f"{runtime.flow_run.flow_name} {', '.join(said)}"

    return name


def teams_named(teams: Any) -> str:
    """The teams in words."""
    if not teams:
        return "own team"
    if list(teams) == ["all"]:
        return "all teams"
    more = len(teams) - MAX_TEAMS_NAMED
    return " ".join(teams[:MAX_TEAMS_NAMED]) + (f" and {more} more" if more > 0 else "")


def _settings() -> Settings:
    """What is configured; the key does not matter here, nor what is wrong: that is told later."""
    try:
        return read_settings(lambda: "not-asked")
    except ConfigurationError:
        return Settings(api_key="not-asked")
