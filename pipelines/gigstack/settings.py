"""The configuration of the source, read once: `[sources.gigstack]` in `.dlt/`, or environment.

dlt resolves it (`SOURCES__GIGSTACK__API_KEY` and so on); `GIGSTACK_API_KEY` and
`GIGSTACK_API_BASE_URL`, the names of the vendor's own command line, are accepted too.
API: https://dlthub.com/docs/general-usage/credentials
"""

import base64
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import msgspec
from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.exceptions import (
    ConfigurationException,
    ConfigValueCannotBeCoercedException,
)
from dlt.common.configuration.specs import BaseConfiguration, configspec
from dlt.common.typing import TSecretStrValue

from pipelines.foundation.errors import ConfigurationError
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES, Resource

BASE_URL = "https://api.gigstack.io/v2"
DOCUMENT_PARENTS = ("clients", "invoices", "payments")


@configspec
class SourceConfiguration(BaseConfiguration):
    """Every key of `[sources.gigstack]` with its default."""

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

    __section__: ClassVar[str] = "gigstack"


@dataclass(frozen=True)
class Settings:
    """What a run works with. `teams` is None for the key's own team, `("all",)` for Connect."""

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

    def __post_init__(self) -> None:
        if not (self.api_key.isascii() and self.api_key.isprintable()) or " " in self.api_key:
            raise ConfigurationError(
                "The API key holds a character that no header can carry (a blank, an accent, "
                "a control character). Copy it again."
            )

    def lookback(self, resource: Resource) -> int:
        """Days that an incremental load re-reads of a stream."""
        by_name = self.lookback_days_by_resource
        return by_name.get(resource.name, by_name.get(resource.entity, self.lookback_days))

    def __repr__(self) -> str:
        return f"Settings(base_url={self.base_url!r}, teams={self.teams!r})"  # never the key


class Claims(msgspec.Struct):
    """What a key says of itself; read without verification, since the API verifies it."""

    team: str | None = None
    livemode: bool | None = None


def read_settings(key_elsewhere: Callable[[], str | None] = lambda: None) -> Settings:
    """The configuration as dlt finds it; `key_elsewhere` is asked when no key is configured.

    Errors: ConfigurationError when no key is set or a value is out of its range.
    """
    try:
        found = resolve_configuration(
            SourceConfiguration(), sections=("sources", "gigstack"), accept_partial=True
        )
    except ConfigValueCannotBeCoercedException as error:
        raise ConfigurationError(
            f"{error.field_name} is {error.field_value!r}; it must be {error.hint.__name__}."
        ) from error
    except ConfigurationException as error:
        raise ConfigurationError(f"[sources.gigstack]: {error}") from error
    api_key = str(
        found.api_key or os.environ.get("GIGSTACK_API_KEY") or key_elsewhere() or ""
    ).strip()
    if not api_key:
        raise ConfigurationError(
            "No API key. Set GIGSTACK_API_KEY, or api_key under [sources.gigstack] in "
            ".dlt/secrets.toml. Without one, try `gigstack-etl demo`."
        )
    settings = Settings(
        api_key=api_key,
        base_url=(found.base_url or os.environ.get("GIGSTACK_API_BASE_URL") or BASE_URL).rstrip(
            "/"
        ),
        teams=_names(found.teams),
        page_size=int(found.page_size),
        max_concurrency=int(found.max_concurrency),
        requests_per_second=float(found.requests_per_second),
        timeout_seconds=float(found.timeout_seconds),
        documents=_names(found.documents) or (),
        documents_request_budget=int(found.documents_request_budget),
        lookback_days=int(found.lookback_days),
        lookback_days_by_resource=_days(found.lookback_days_by_resource),
    )
    _check(settings)
    return settings


def _names(value: Any) -> tuple[str, ...] | None:
    """A list of names, also as text: `"a, b"` or `["a", "b"]`."""
    if not value:
        return None
    if isinstance(value, str):
        value = value.strip("[] ").replace('"', "").replace("'", "").split(",")
    return tuple(name.strip() for name in value if name.strip()) or None


def _days(value: Any) -> dict[str, int]:
    """Days by stream or table: a TOML table, or JSON from the environment."""
    try:
        table = msgspec.json.decode(value) if isinstance(value, str) else value or {}
        return msgspec.convert(dict(table), dict[str, int])
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"lookback_days_by_resource is {value!r}; it must be a table such as "
            "{ invoices = 120 }."
        ) from error


def _check(settings: Settings) -> None:
    ranges = {
        "page_size": (settings.page_size, 1, 100),
        "max_concurrency": (settings.max_concurrency, 1, 256),
        "requests_per_second": (settings.requests_per_second, 0.1, 100_000),
        "timeout_seconds": (settings.timeout_seconds, 1, 600),
        "documents_request_budget": (settings.documents_request_budget, 0, 100_000_000),
        "lookback_days": (settings.lookback_days, 0, 36_500),
    }
    for name, (value, least, most) in ranges.items():
        if not least <= value <= most:
            raise ConfigurationError(f"{name} is {value}; it must be from {least} to {most}.")
    for name in settings.lookback_days_by_resource:
        if name not in RESOURCES and name not in ENTITIES:
            raise ConfigurationError(f"lookback_days_by_resource: there is no resource {name!r}.")
    for parent in settings.documents:
        if parent not in DOCUMENT_PARENTS:
            allowed = ", ".join(DOCUMENT_PARENTS)
            raise ConfigurationError(f"documents names {parent!r}; it takes any of {allowed}.")
    if not settings.base_url.startswith(("http://", "https://")):
        raise ConfigurationError(f"base_url is {settings.base_url!r}; it must begin with https://.")


def decode_jwt(api_key: str) -> Claims:
    """Team and mode that a key names; empty claims when it is not a JWT."""
    parts = api_key.split(".")
    if len(parts) != 3:
        return Claims()
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(payload, type=Claims)
    except (ValueError, msgspec.DecodeError):
        return Claims()
