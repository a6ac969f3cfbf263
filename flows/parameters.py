"""The parameters of the flows: their types, their limits, and the messages for wrong values.

Prefect checks them before a run begins; the docstring of a flow describes them in its UI. The API
key is not one of them, since parameters are shown and stored.
API: https://docs.pydantic.dev/latest/concepts/types/
"""

import os
import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from pipelines.foundation.paths import check_data_dir
from pipelines.foundation.time_zone import MEXICO_CITY
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES


def _check_list(teams: Any) -> Any:
    if isinstance(teams, str):
        raise ValueError(f'teams is {teams!r}; it must be a list, such as ["{teams}"]')
    return teams


def _check_team(team: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", team):
        raise ValueError(f"{team!r} is not a team id: letters, digits, _ and - only, or 'all'")
    return team


def _check_resource(name: str) -> str:
    if name not in RESOURCES and name not in ENTITIES:
        known = ", ".join(sorted(RESOURCES))
        raise ValueError(f"there is no resource {name!r}; there are {known}")
    return name


def _check_past(day: date) -> date:
    if day > today():
        raise ValueError(f"{day} is in the future; today is {today()} in Mexico City")
    return day


def today() -> date:
    """The date in Mexico City."""
    return datetime.now(MEXICO_CITY).date()


def resolve_data_dir(parameter: Path | None) -> Path:
    """The directory for all files: the parameter, else the environment, else `data`.

    Raises:
        ConfigurationError: Its path has a character that cannot be used.
    """
    named = parameter or Path(os.environ.get("GIGSTACK_DATA_DIR") or "data")
    return check_data_dir(named.resolve())


Teams = Annotated[
    list[Annotated[str, AfterValidator(_check_team)]] | None, BeforeValidator(_check_list)
]
WaitMinutes = Annotated[float, Field(ge=0, le=24 * 60)]
Resources = list[Annotated[str, AfterValidator(_check_resource)]] | None
Pii = Literal["keep", "hash", "drop"] | None
Day = Annotated[date, AfterValidator(_check_past)]
SliceDays = Annotated[int, Field(ge=1, le=3660)]
