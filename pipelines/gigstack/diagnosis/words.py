"""Which fields of an entity have accepted values, by the path at which the API sends them.

`sql/loader/normalize/accepted_values.json` names columns; a column is named after its field.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.gigstack.normalize.accepted_values import accepted_values

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def words_by_path(entity: str, shape: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """The accepted values of a field, by its path (`cancellation.motive`)."""
    by_column = accepted_values(entity)
    return {
        path: by_column[column]
        for path in _leaves(shape, "")
        for column in _columns(path)
        if column in by_column
    }


def _leaves(shape: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, declared in shape.items():
        if isinstance(declared, dict):
            yield from _leaves(declared, f"{path}{name}.")
        elif isinstance(declared, str):
            yield f"{path}{name}"


def _columns(path: str) -> tuple[str, str]:
    """The columns that may be made of a field: `status_raw` has the word as the API sent it."""
    column = _HUMP.sub("_", path.replace(".", "_")).lower()
    return column, f"{column}_raw"
