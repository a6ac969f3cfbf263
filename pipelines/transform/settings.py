"""What a business decides of its figures: `[transform]` in `.dlt/config.toml` or the environment.

dlt resolves the settings (`TRANSFORM__ZONE` and so on); dbt gets them as variables of its project,
under the same names. docs/settings.md says what each is for.
API: https://dlthub.com/docs/general-usage/credentials
"""

import csv
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.configuration.specs import BaseConfiguration, configspec

from pipelines.foundation.errors import ConfigurationError
from pipelines.foundation.paths import SQL
from pipelines.foundation.time_zone import MEXICO_CITY_NAME

MAX_DAYS = 3_650
MAX_NUMBER = 100_000  # scores and counts


@dataclass(frozen=True)
class TransformSettings:
    """What a business decides about its figures.

    Zones are IANA names, for all teams and by team. Terms are the days that a client has to pay;
    None means that none were agreed. `client_terms_key` is the field of a client's metadata that
    holds the client's own terms. Names that end in `_days` are numbers of days.
    """

    zone: str = MEXICO_CITY_NAME
    team_zones: dict[str, str] = field(default_factory=dict)
    terms_days: int | None = None
    team_terms_days: dict[str, int] = field(default_factory=dict)
    client_terms_key: str = "payment_terms_days"
    materiality_policy: str = "standard"
    stamping_grace_days: int = 1
    complement_alert_days: int = 10
    stale_after_days: int = 2
    csf_document_type: str = ""
    csf_max_age_days: int = 90
    opinion_document_type: str = ""
    opinion_sense_key: str = "sense"
    opinion_valid_days: int = 30
    risk_medium_from: int = 15
    risk_high_from: int = 50
    forecast_history_days: int = 365
    forecast_least_invoices: int = 30

    @property
    def variables(self) -> dict[str, Any]:
        """The settings under the names of the dbt project's variables."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@configspec
class TransformConfiguration(BaseConfiguration):
    """Every key of `[transform]`; None where it is not set."""

    zone: str | None = None
    team_zones: Any = None
    terms_days: int | None = None
    team_terms_days: Any = None
    client_terms_key: str | None = None
    materiality_policy: str | None = None
    stamping_grace_days: int | None = None
    complement_alert_days: int | None = None
    stale_after_days: int | None = None
    csf_document_type: str | None = None
    csf_max_age_days: int | None = None
    opinion_document_type: str | None = None
    opinion_sense_key: str | None = None
    opinion_valid_days: int | None = None
    risk_medium_from: int | None = None
    risk_high_from: int | None = None
    forecast_history_days: int | None = None
    forecast_least_invoices: int | None = None

    __section__: ClassVar[str] = "transform"


def read_transform_settings() -> TransformSettings:
    """Read the configuration as dlt finds it.

    Raises:
        ConfigurationError: A zone or policy is unknown, a number is none or out of bounds, or a
            text cannot be an id or a key.
    """
    try:
        found = resolve_configuration(TransformConfiguration(), accept_partial=True)
    except ConfigurationException as error:
        raise ConfigurationError(f"[transform]: {error}") from error
    given = {one.name: getattr(found, one.name) for one in fields(TransformSettings)} | {
        "team_zones": _table("team_zones", found.team_zones, str),
        "team_terms_days": _table("team_terms_days", found.team_terms_days, int),
    }
    settings = TransformSettings(
        **{name: value for name, value in given.items() if value is not None}
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
    for name, value in asdict(settings).items():
        most = MAX_DAYS if name.endswith("_days") else MAX_NUMBER
        for number in value.values() if isinstance(value, dict) else (value,):
            if isinstance(number, int) and not 0 <= number <= most:
                raise ConfigurationError(f"[transform] {name} is {number}; from 0 to {most}.")
    names = (settings.client_terms_key, settings.opinion_sense_key, settings.materiality_policy)
    types = (one for one in (settings.csf_document_type, settings.opinion_document_type) if one)
    for text in (*settings.team_zones, *settings.team_terms_days, *names, *types):
        if not text.replace("_", "").replace("-", "").isalnum():
            raise ConfigurationError(f"[transform]: {text!r} is no id, key or type.")
    if settings.materiality_policy not in (known := _policies()):
        raise ConfigurationError(
            f"[transform]: there is no materiality_policy {settings.materiality_policy!r}; seed "
            f"materiality_policy has {', '.join(known)}."
        )
    if settings.risk_medium_from > settings.risk_high_from:
        raise ConfigurationError(
            f"[transform]: risk_medium_from {settings.risk_medium_from} is above risk_high_from "
            f"{settings.risk_high_from}."
        )


def _policies() -> list[str]:
    with (SQL / "seeds" / "materiality_policy.csv").open(encoding="utf-8", newline="") as file:
        return sorted({row["policy"] for row in csv.DictReader(file)})
