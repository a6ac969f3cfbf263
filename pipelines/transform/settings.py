"""How the models read days and terms: `[transform]` in `.dlt/config.toml`, or the environment.

dlt resolves the settings (`TRANSFORM__ZONE` and so on); dbt gets them as variables.
API: https://dlthub.com/docs/general-usage/credentials
"""

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.configuration.specs import BaseConfiguration, configspec

from pipelines.foundation.errors import ConfigurationError
from pipelines.foundation.time_zone import MEXICO_CITY_NAME

MAX_DAYS = 3_650


@configspec
class TransformConfiguration(BaseConfiguration):
    """Every key of `[transform]` with its default."""

    zone: str = MEXICO_CITY_NAME
    team_zones: Any = None
    terms_days: int | None = None
    team_terms_days: Any = None
    client_terms_key: str = "payment_terms_days"

    __section__: ClassVar[str] = "transform"


@dataclass(frozen=True)
class TransformSettings:
    """How the models read days and terms.

    Zones are IANA names, for all teams and by team. Terms are the days that a client has to pay;
    None means that none were agreed. `client_terms_key` is the field of a client's metadata that
    holds the client's own terms.
    """

    zone: str = MEXICO_CITY_NAME
    team_zones: dict[str, str] = field(default_factory=dict)
    terms_days: int | None = None
    team_terms_days: dict[str, int] = field(default_factory=dict)
    client_terms_key: str = "payment_terms_days"

    @property
    def variables(self) -> dict[str, Any]:
        """The settings under the names of the dbt project's variables."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def read_transform_settings() -> TransformSettings:
    """Read the configuration as dlt finds it.

    Raises:
        ConfigurationError: A zone is unknown, or terms are not a number of days.
    """
    try:
        found = resolve_configuration(TransformConfiguration(), accept_partial=True)
    except ConfigurationException as error:
        raise ConfigurationError(f"[transform]: {error}") from error
    settings = TransformSettings(
        found.zone,
        _table("team_zones", found.team_zones, str),
        found.terms_days,
        _table("team_terms_days", found.team_terms_days, int),
        found.client_terms_key,
    )
    _check(settings)
    return settings


def _table(name: str, value: Any, kind: type) -> dict[str, Any]:
    """Read values by team from a TOML table, or from JSON in the environment."""
    try:
        table = msgspec.json.decode(value) if isinstance(value, str) else value or {}
        return msgspec.convert(dict(table), dict[str, kind])  # type: ignore[valid-type]
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"[transform] {name} is {value!r}; it must be a table of teams."
        ) from error


def _check(settings: TransformSettings) -> None:
    for zone in (settings.zone, *settings.team_zones.values()):
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ConfigurationError(
                f"[transform]: there is no zone {zone!r}; use an IANA name such as America/Tijuana."
            ) from error
    for days in (settings.terms_days, *settings.team_terms_days.values()):
        if days is not None and not 0 <= days <= MAX_DAYS:
            raise ConfigurationError(f"[transform]: terms of {days} days; from 0 to {MAX_DAYS}.")
    for text in (*settings.team_zones, *settings.team_terms_days, settings.client_terms_key):
        if not text.replace("_", "").replace("-", "").isalnum():
            raise ConfigurationError(f"[transform]: {text!r} is no id of a team, or key.")
