"""What `[publish]` says: the policy for personal data, who may read, and with which DuckDB.

The policy is `pii` under `[publish]` in `.dlt/config.toml`, or `PUBLISH__PII`; a group of readers
is `group` there, and `storage_version` the oldest DuckDB that can read the snapshot. The key of the
hashes lies in the data directory and is never published. Only its owner can read it; without it
nobody can test a guess against a hash.
API: https://dlthub.com/docs/general-usage/credentials
"""

import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.specs import BaseConfiguration, configspec

from pipelines.foundation.atomic_write import write_atomically
from pipelines.foundation.errors import ConfigurationError, PublishingError
from pipelines.foundation.paths import pii_key_path
from pipelines.foundation.privacy import check_group
from pipelines.publish.columns import Policy

KEY_BYTES = 32
HIDDEN = "(hidden: [publish] pii)"


@configspec
class PublishConfiguration(BaseConfiguration):
    """Every key of `[publish]` with its default."""

    pii: str = Policy.KEEP.value
    group: str | None = None
    storage_version: str = "v1.2.0"  # the oldest DuckDB that can read the snapshot

    __section__: ClassVar[str] = "publish"


def pii_policy(name: str | None = None) -> Policy:
    """The policy with this name, or the configured one.

    Raises:
        ConfigurationError: There is no policy with that name.
    """
    value = name or resolve_configuration(PublishConfiguration()).pii
    try:
        return Policy(value.strip().lower())
    except ValueError:
        known = ", ".join(policy.value for policy in Policy)
        raise ConfigurationError(f"pii is {value!r}; it must be one of {known}.") from None


def storage_version() -> str:
    """The format of the snapshot, as the oldest DuckDB that can read it.

    Raises:
        ConfigurationError: It does not name a version.
    """
    value = resolve_configuration(PublishConfiguration()).storage_version.strip().lower()
    if value != "latest" and not re.fullmatch(r"v\d+\.\d+\.\d+", value):
        raise ConfigurationError(
            f"storage_version is {value!r}; it must name a version of DuckDB, such as v1.2.0, or "
            "latest."
        )
    return value


def shown(values: Iterable[str | None]) -> list[str | None]:
    """Values of the account, as the policy lets them be shown outside the warehouse."""
    is_kept = pii_policy() is Policy.KEEP
    return [value if is_kept or value is None else HIDDEN for value in values]


def readers_group() -> str | None:
    """The group that may read what is published; None for the owner alone.

    Raises:
        ConfigurationError: There is no such group, or the owner of this process is not in it.
    """
    group = resolve_configuration(PublishConfiguration(), accept_partial=True).group
    if group:
        check_group(group)
    return group or None


def hash_key(data_dir: Path) -> str:
    """The key of this data directory; creates one if there is none.

    Raises:
        PublishingError: Others can read the file, or it holds no key.
    """
    path = pii_key_path(data_dir)
    if not path.exists():
        write_atomically(path, secrets.token_hex(KEY_BYTES).encode(), mode=0o600)
    if path.stat().st_mode & 0o077:
        raise PublishingError(f"Others can read {path}. Run: chmod 600 {path}")
    key = path.read_text(encoding="ascii").strip()
    if len(key) < 2 * KEY_BYTES:
        raise PublishingError(
            f"{path} holds no key. Restore the file, or remove it to get a new key."
        )
    return key
