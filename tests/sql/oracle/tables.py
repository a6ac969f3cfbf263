"""Rows of measures by key, as the marts have them."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from .amounts import ZERO
from .books import Books

Measures = dict[str, Decimal]
Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")


def add(row: Measures, name: str, amount: Decimal | int | None) -> None:
    """An amount that is absent adds nothing."""
    row[name] += amount or 0


def rows_of(*names: str) -> Callable[[], Measures]:
    """Makes a row of zeros."""
    return lambda: dict.fromkeys(names, ZERO)


def of_teams(teams: Iterable[Books], answer: Callable[[Books], dict[Key, Row]]) -> dict[Key, Row]:
    """One table of all teams; every key begins with its team."""
    return {key: row for books in teams for key, row in answer(books).items()}


def rolled_up(table: Mapping[Any, Measures], *places: int) -> dict[tuple[Any, ...], Measures]:
    """Sums over every part of the key that is not at one of these places."""
    found: dict[tuple[Any, ...], Measures] = {}
    for key, row in table.items():
        sums = found.setdefault(tuple(key[place] for place in places), defaultdict(Decimal))
        for name, amount in row.items():
            sums[name] += amount
    return {key: dict(sums) for key, sums in found.items()}
