"""The policy for personal data, and the key of its hashes.

`[publish] pii` in `.dlt/config.toml`, or `PUBLISH__PII`. The key lies in the data directory,
outside of what is published, readable by its owner only; without it no guess can be tried.
API: https://dlthub.com/docs/general-usage/credentials
"""

import secrets
from pathlib import Path
from typing import ClassVar

from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.specs import BaseConfiguration, configspec

from pipelines.foundation.atomic_write import write_atomically
from pipelines.foundation.errors import ConfigurationError, PublishingError
from pipelines.foundation.paths import pii_key_path
from pipelines.publish.columns import Policy

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
    path = pii_key_path(data_dir)
    if not path.exists():
        write_atomically(path, secrets.token_hex(KEY_BYTES).encode(), mode=0o600)
    if path.stat().st_mode & 0o077:
        raise PublishingError(f"{path} can be read by others than its owner: chmod 600 {path}")
    key = path.read_text(encoding="ascii").strip()
    if len(key) < 2 * KEY_BYTES:
        raise PublishingError(f"{path} is no key: put it back, or remove it to have a new one.")
    return key
