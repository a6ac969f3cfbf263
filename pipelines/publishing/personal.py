"""The policy for personal data, and the key of its hashes.

`[publish] pii` in `.dlt/config.toml`, or `PUBLISH__PII`. The key lies in the data directory,
outside of what is published, readable by its owner only; without it no guess can be tried.
API: https://dlthub.com/docs/general-usage/credentials
"""

import os
import secrets
from pathlib import Path
from typing import ClassVar

from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.specs import BaseConfiguration, configspec

from pipelines.gigstack.errors import ConfigurationError, PublishingError
from pipelines.publishing.columns import Policy

KEY = "pii.key"
KEY_BYTES = 32


@configspec
class PublishConfiguration(BaseConfiguration):
    """Every key of `[publish]` with its default."""

    pii: str = Policy.KEEP.value

    __section__: ClassVar[str] = "publish"


def pii_policy(named: str | None = None) -> Policy:
    """The policy that is named, or else configured.

    Errors: ConfigurationError for any other word.
    """
    word = named or resolve_configuration(PublishConfiguration()).pii
    try:
        return Policy(word.strip().lower())
    except ValueError:
        known = ", ".join(policy.value for policy in Policy)
        raise ConfigurationError(f"pii is {word!r}; it takes one of {known}.") from None


def hash_key(data_dir: Path) -> str:
    """The key of this data directory, made when there is none.

    Errors: PublishingError when others may read it, or it is no key.
    """
    path = data_dir / KEY
    if not path.exists():
        _write(path, secrets.token_hex(KEY_BYTES))
    if path.stat().st_mode & 0o077:
        raise PublishingError(f"{path} can be read by others than its owner: chmod 600 {path}")
    key = path.read_text(encoding="ascii").strip()
    if len(key) < 2 * KEY_BYTES:
        raise PublishingError(f"{path} is no key: put it back, or remove it to have a new one.")
    return key


def _write(path: Path, key: str) -> None:
    """All of it or nothing, and never readable by others."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
