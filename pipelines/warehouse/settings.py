"""What is kept, and how long: `[backup]` and `[retention]` in `.dlt/config.toml`, or environment.

dlt resolves the settings (`RETENTION__RUNS_DAYS` and so on).
API: https://dlthub.com/docs/general-usage/credentials
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, TypeVar

from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.exceptions import ConfigValueCannotBeCoercedException
from dlt.common.configuration.specs import BaseConfiguration, configspec

from pipelines.foundation.errors import ConfigurationError

MAX_DAYS = 36_500
MAX_BACKUPS = 10_000

C = TypeVar("C", bound=BaseConfiguration)


@configspec
class BackupConfiguration(BaseConfiguration):
    """Every key of `[backup]` with its default."""

    keep: int = 7

    __section__: ClassVar[str] = "backup"


@configspec
class RetentionConfiguration(BaseConfiguration):
    """Every key of `[retention]` with its default."""

    runs_days: int = 730
    details_days: int = 90
    journal_days: int = 7

    __section__: ClassVar[str] = "retention"


@dataclass(frozen=True)
class Retention:
    """How long rows and files about runs are kept."""

    runs: timedelta  # a row for each run, and alerts that are cleared
    details: timedelta  # what a run read of each list, and compared
    journal: timedelta  # the answers of the API


def backups_kept() -> int:
    """How many backups stay side by side.

    Raises:
        ConfigurationError: The value is no number, or out of its range.
    """
    return _in_range("[backup] keep", _resolve(BackupConfiguration()).keep, MAX_BACKUPS)


def read_retention() -> Retention:
    """The configured retention.

    Raises:
        ConfigurationError: A value is no number, or out of its range.
    """
    found = _resolve(RetentionConfiguration())
    names = ("runs_days", "details_days", "journal_days")
    days = (_in_range(f"[retention] {name}", getattr(found, name), MAX_DAYS) for name in names)
    return Retention(*(timedelta(number) for number in days))


def _resolve(configuration: C) -> C:
    try:
        return resolve_configuration(configuration)
    except ConfigValueCannotBeCoercedException as error:
        raise ConfigurationError(
            f"{error.field_name} is {error.field_value!r}; it must be a whole number."
        ) from error


def _in_range(name: str, value: int, maximum: int) -> int:
    if not 1 <= value <= maximum:
        raise ConfigurationError(f"{name} is {value}; it must be from 1 to {maximum:,}.")
    return value
