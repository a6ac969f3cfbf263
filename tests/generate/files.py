"""All that is generated, as texts by path."""

from pathlib import Path

from tests.generate.codes import generated_macro
from tests.generate.columns import loader_tables
from tests.generate.documents import documents
from tests.generate.staging import VIEWS, is_by_hand, view, view_path


def generated() -> dict[Path, str]:
    """What the files must hold.

    Raises: LookupError that says what is missing, and where to write it.
    """
    tables = loader_tables()
    views = {view_path(t): view(t) for t in tables.values() if not is_by_hand(view_path(t))}
    return views | documents(tables) | generated_macro()


def leftovers() -> list[Path]:
    """Generated views of tables that are no longer there."""
    files = generated()
    return [path for path in VIEWS.glob("*.sql") if not is_by_hand(path) and path not in files]
