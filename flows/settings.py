"""The settings of a flow run: as the commands read them, with the API key from a Prefect block.

A key in the environment or in `.dlt/secrets.toml` comes first; otherwise this Secret block is read.
The key is never a parameter. API: https://docs.prefect.io/v3/develop/blocks
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from prefect.blocks.system import Secret

from pipelines.gigstack.settings import Settings, read_settings

KEY_BLOCK = "gigstack-api-key"


def read_settings_for(teams: Sequence[str] | None) -> Settings:
    """The configured settings, for these teams if some are given.

    Raises:
        ConfigurationError: No key is set, or a value is out of range.
    """
    settings = read_settings(_read_key_block)
    return replace(settings, teams=tuple(teams)) if teams else settings


def _read_key_block() -> str | None:
    try:
        block: Any = Secret.load(KEY_BLOCK)
    except ValueError:  # there is no such block
        return None
    return str(block.get())
