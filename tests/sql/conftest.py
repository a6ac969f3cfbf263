"""The rows that the recorded records of `tests/fixtures` come to."""

from collections.abc import Callable
from functools import cache

import pytest

from tests.sql.rows import Tables, fixture, tables_of


@pytest.fixture(scope="session")
def load() -> Callable[[str], Tables]:
    """By the name of an entity: the rows of each of its tables."""
    return cache(lambda entity: tables_of(entity, fixture(entity)))
