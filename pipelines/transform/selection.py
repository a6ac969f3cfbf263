"""A part of the models, in dbt's own syntax: `gigstack-etl transform --select fct_cfdi+`.

API: https://docs.getdbt.com/reference/node-selection/syntax
"""

import json
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from pipelines.foundation.errors import ConfigurationError
from pipelines.foundation.paths import SQL

# makes a selector that matches nothing stop dbt before it builds anything
UNMATCHED = json.dumps({"error": ["NoNodesForSelectionCriteria"]})
_COMPLAINT = re.compile("selection criterion '(.*)' does not match any")
_GRAPH_OPERATORS = re.compile(r"^(@|\d*\+)|\+\d*$")  # +model, 1+model, @model, model+, model+1


def select_options(selectors: Sequence[str]) -> list[str]:
    """The options that make dbt build what these select, and its tests.

    Raises:
        ConfigurationError: A selector is empty.
    """
    for selector in selectors:
        if not selector.strip():
            raise unmatched(selector)
    chosen = [f"--select={selector}" for selector in selectors]
    return [*chosen, "--warn-error-options", UNMATCHED] if chosen else []


def refuse_unmatched(output: str) -> None:
    """Look for a selector that matched nothing in what dbt printed.

    Raises:
        ConfigurationError: dbt found nothing for a selector. The message names similar models.
    """
    if found := _COMPLAINT.search(output):
        raise unmatched(found.group(1))


def unmatched(selector: str) -> ConfigurationError:
    near = _near(_GRAPH_OPERATORS.sub("", part) for part in re.split("[ ,]+", selector))
    hint = f"Did you mean {' or '.join(near)}?" if near else "`gigstack-etl docs` lists the models."
    return ConfigurationError(f"--select {selector!r} matches no model, seed or test. {hint}")


def _near(parts: Iterable[str]) -> list[str]:
    """Models, seeds and tests whose names resemble a part that is no name."""
    folders = ("models", "seeds", "tests")
    files = [file for folder in folders for file in (SQL / folder).rglob("*.*")]
    names = sorted({file.stem for file in files if file.suffix in (".sql", ".csv")})
    unknown = (part for part in parts if part not in names)
    return list(dict.fromkeys(near for part in unknown for near in get_close_matches(part, names)))
