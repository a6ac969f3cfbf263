"""The parameters of the flows: their types, their limits, and what is said when one is wrong.

Prefect checks them before a run begins; what its UI says of each stands in the flow's docstring.
The API key is none of them: parameters are shown and stored. API: https://docs.pydantic.dev/latest/concepts/types/
"""

import os
import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from pipelines.foundation.time_zone import MEXICO_CITY
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES


def _teams(teams: Any) -> Any:
    if isinstance(teams, str):
        raise ValueError(f'teams is {teams!r}; it must be a list, such as ["{teams}"]')
    return teams


def _team(team: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", team):
        raise ValueError(f"team {team!r} is no id: letters, digits, _ and - only, or 'all'")
    return team


def _resource(name: str) -> str:
    if name not in RESOURCES and name not in ENTITIES:
        known = ", ".join(sorted(RESOURCES))
        raise ValueError(f"there is no resource {name!r}; there are {known}")
    return name


def _past(day: date) -> date:
    if day > today():
        raise ValueError(f"{day} lies in the future; today is {today()} in Mexico City")
    return day


def today() -> date:
    """The date in Mexico City."""
    return datetime.now(MEXICO_CITY).date()


def data_dir_of(given: Path | None) -> Path:
    """Where everything is written: the parameter, else the environment, else `data`."""
    return (given or Path(os.environ.get("GIGSTACK_DATA_DIR") or "data")).resolve()


Teams = Annotated[list[Annotated[str, AfterValidator(_team)]] | None, BeforeValidator(_teams)]
WaitMinutes = Annotated[float, Field(ge=0, le=24 * 60)]
Resources = list[Annotated[str, AfterValidator(_resource)]] | None
Pii = Literal["keep", "hash", "drop"] | None
Day = Annotated[date, AfterValidator(_past)]
SliceDays = Annotated[int, Field(ge=1, le=3660)]
