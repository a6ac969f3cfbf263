"""A warehouse holds objects of one mode, live or test, and a key reads those of one."""

import duckdb

from pipelines import warehouse
from pipelines.foundation.errors import ConfigurationError
from pipelines.gigstack.settings import MODES, Settings, decode_jwt


def check_mode(connection: duckdb.DuckDBPyConnection, settings: Settings) -> bool | None:
    """The mode that all records must have; None while neither key nor warehouse says it.

    Raises:
        ConfigurationError: The key is of one mode, and the warehouse holds data of the other.
    """
    of_key, held = decode_jwt(settings.api_key).livemode, warehouse.livemode_of(connection)
    if None not in (of_key, held) and of_key != held:
        raise ConfigurationError(
            f"This is a {MODES[bool(of_key)]} key, and the warehouse holds {MODES[bool(held)]} "
            "data. Give each mode a directory of its own: --data-dir."
        )
    return held if of_key is None else of_key
