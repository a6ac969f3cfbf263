"""The settings of the source: `[sources.gigstack]` in `.dlt/`, or environment variables.

dlt resolves them (`SOURCES__GIGSTACK__API_KEY` and so on). `GIGSTACK_API_KEY` and
`GIGSTACK_API_BASE_URL`, which the vendor's own command line reads, work too.
API: https://dlthub.com/docs/general-usage/credentials
"""

import base64
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec
from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.exceptions import (
    ConfigurationException,
    ConfigValueCannotBeCoercedException,
)
from dlt.common.configuration.specs import BaseConfiguration, configspec
from dlt.common.typing import TSecretStrValue

from pipelines.foundation.errors import ConfigurationError
from pipelines.gigstack.endpoint_types import Resource
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES

BASE_URL = "https://api.gigstack.io/v2"
DOCUMENT_PARENTS = ("clients", "invoices", "payments")


@configspec
class SourceConfiguration(BaseConfiguration):
    """The keys of `[sources.gigstack]` and their defaults."""

    api_key: TSecretStrValue | None = None
    base_url: str | None = None
    teams: Any = None
    page_size: int = 100
    max_concurrency: int = 8
    requests_per_second: float = 10.0
    timeout_seconds: float = 30.0
    documents: Any = "clients"
    documents_request_budget: int = 5000
    lookback_days: int = 90
    lookback_days_by_resource: Any = None
    read_singles: Any = None

    __section__: ClassVar[str] = "gigstack"


@dataclass(frozen=True)
class Settings:
    """The validated settings of a run.

    `teams` is None for the key's own team, and `("all",)` for every team of a Connect account.
    """

    api_key: str
    base_url: str = BASE_URL
    teams: tuple[str, ...] | None = None
    page_size: int = 100
    max_concurrency: int = 8
    requests_per_second: float = 10.0
    timeout_seconds: float = 30.0
    documents: tuple[str, ...] = ("clients",)
    documents_request_budget: int = 5000
    lookback_days: int = 90
    lookback_days_by_resource: Mapping[str, int] = field(default_factory=dict)
    read_singles: tuple[str, ...] = ()  # resources or tables whose objects are read one by one

    def __post_init__(self) -> None:
        if not (self.api_key.isascii() and self.api_key.isprintable()) or " " in self.api_key:
            raise ConfigurationError(
                "The API key contains a character that an HTTP header cannot carry (a blank, an "
                "accented letter, a control character). Copy it again."
            )

    def lookback(self, resource: Resource) -> int:
        """How many days of a resource an incremental load reads again."""
        by_name = self.lookback_days_by_resource
        return by_name.get(resource.name, by_name.get(resource.entity, self.lookback_days))

    def reads_singles(self, resource: Resource) -> bool:
        """Whether each listed object of a resource is also requested alone."""
        is_named = bool({resource.name, resource.entity} & set(self.read_singles))
        return is_named and resource.single_path is not None

    def __repr__(self) -> str:
        return f"Settings(base_url={self.base_url!r}, teams={self.teams!r})"  # never the key


MODES = {True: "live", False: "test"}


class Claims(msgspec.Struct):
    """The claims in an API key that is a JWT; not verified here, since the API does that."""

    team: str | None = None
    livemode: bool | None = None
    exp: float | None = None  # seconds since 1970


def read_settings(fallback_key: Callable[[], str | None] = lambda: None) -> Settings:
    """The configuration that dlt finds; `fallback_key` is called when no key is configured.

    Raises:
        ConfigurationError: There is no key, or a value is out of its range.
    """
    configuration = _resolve_configuration()
    api_key = configuration.api_key or os.environ.get("GIGSTACK_API_KEY") or fallback_key() or ""
    if not (api_key := str(api_key).strip()):
        raise ConfigurationError(
            "No API key. Set GIGSTACK_API_KEY, or api_key under [sources.gigstack] in "
            ".dlt/secrets.toml. Without one, try `gigstack-etl demo`."
        )
    base_url = configuration.base_url or os.environ.get("GIGSTACK_API_BASE_URL") or BASE_URL
    settings = Settings(
        api_key=api_key,
        base_url=base_url.rstrip("/"),
        teams=_parse_names(configuration.teams),
        page_size=int(configuration.page_size),
        max_concurrency=int(configuration.max_concurrency),
        requests_per_second=float(configuration.requests_per_second),
        timeout_seconds=float(configuration.timeout_seconds),
        documents=_parse_names(configuration.documents) or (),
        documents_request_budget=int(configuration.documents_request_budget),
        lookback_days=int(configuration.lookback_days),
        lookback_days_by_resource=_parse_days(configuration.lookback_days_by_resource),
        read_singles=_parse_names(configuration.read_singles) or (),
    )
    _validate(settings)
    return settings


def _resolve_configuration() -> SourceConfiguration:
    try:
        return resolve_configuration(
            SourceConfiguration(), sections=("sources", "gigstack"), accept_partial=True
        )
    except ConfigValueCannotBeCoercedException as error:
        raise ConfigurationError(
            f"{error.field_name} is {error.field_value!r}; it must be {error.hint.__name__}."
        ) from error
    except ConfigurationException as error:
        raise ConfigurationError(f"[sources.gigstack]: {error}") from error


def _parse_names(value: Any) -> tuple[str, ...] | None:
    """A list of names, which may also be text such as `a, b` or `["a", "b"]`."""
    if not value:
        return None
    if isinstance(value, str):
        value = value.strip("[] ").replace('"', "").replace("'", "").split(",")
    return tuple(name.strip() for name in value if name.strip()) or None


def _parse_days(value: Any) -> dict[str, int]:
    """Days by resource or table, from a TOML table or from JSON in the environment."""
    try:
        table = msgspec.json.decode(value) if isinstance(value, str) else value or {}
        return msgspec.convert(dict(table), dict[str, int])
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"lookback_days_by_resource is {value!r}; it must be a table such as "
            "{ invoices = 120 }."
        ) from error


def _validate(settings: Settings) -> None:
    _validate_ranges(settings)
    for name in settings.lookback_days_by_resource:
        if name not in RESOURCES and name not in ENTITIES:
            raise ConfigurationError(f"lookback_days_by_resource: there is no resource {name!r}.")
    for name in settings.read_singles:
        if not any(r.single_path and name in (r.name, r.entity) for r in RESOURCES.values()):
            raise ConfigurationError(f"read_singles: no single object of {name!r} can be read.")
    for parent in settings.documents:
        if parent not in DOCUMENT_PARENTS:
            allowed = ", ".join(DOCUMENT_PARENTS)
            raise ConfigurationError(f"documents names {parent!r}; it takes any of {allowed}.")
    if "@" in urlsplit(settings.base_url).netloc:  # never shown: it may be a password
        raise ConfigurationError(
            "base_url holds a user name or a password; the API key is the only way in."
        )
    if not settings.base_url.startswith(("http://", "https://")):
        raise ConfigurationError(f"base_url is {settings.base_url!r}; it must begin with https://.")


def _validate_ranges(settings: Settings) -> None:
    ranges = {
        "page_size": (settings.page_size, 1, 100),
        "max_concurrency": (settings.max_concurrency, 1, 256),
        "requests_per_second": (settings.requests_per_second, 0.1, 100_000),
        "timeout_seconds": (settings.timeout_seconds, 1, 600),
        "documents_request_budget": (settings.documents_request_budget, 0, 100_000_000),
        "lookback_days": (settings.lookback_days, 0, 36_500),
    }
    for name, (value, minimum, maximum) in ranges.items():
        if not minimum <= value <= maximum:
            raise ConfigurationError(f"{name} is {value}; it must be from {minimum} to {maximum}.")


def decode_jwt(api_key: str) -> Claims:
    """The team and the mode that a key names; empty claims if it is not a JWT."""
    parts = api_key.split(".")
    if len(parts) != 3:
        return Claims()
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(payload, type=Claims)
    except (ValueError, msgspec.DecodeError):
        return Claims()
