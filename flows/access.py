"""The settings of a run: as the commands read them, with the key from a Prefect block at need.

A key in the environment or in `.dlt/secrets.toml` comes first; else the Secret block of this name
is asked. It is never a parameter. API: https://docs.prefect.io/v3/develop/blocks
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from prefect.blocks.system import Secret

from pipelines.gigstack.settings import Settings, read_settings

KEY_BLOCK = "gigstack-api-key"


def settings_of(teams: Sequence[str] | None) -> Settings:
    """Errors: ConfigurationError when no key is set, or a value is out of its range."""
    settings = read_settings(_key_in_block)
    return replace(settings, teams=tuple(teams)) if teams else settings


def _key_in_block() -> str | None:
    try:
        block: Any = Secret.load(KEY_BLOCK)
    except ValueError:  # there is no such block
        return None
    return str(block.get())
