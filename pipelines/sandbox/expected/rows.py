"""Which rows of which tables an object of the API becomes, keys first.

Every module of `expected/tables/` declares in `EXPECTED` what becomes of the lists it is about.
"""

import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from pipelines.sandbox.expected import tables
from pipelines.sandbox.storage.store import Record

Key = tuple[Any, ...]
Add = Callable[[str, Key, Record], None]
RowsOf = Callable[[str, Record, Add], None]  # the team's id, the object, and who takes its rows
ITEM_MONEY = ("quantity", "unit_price", "discount")
TAX_MONEY = ("rate", "base")


@dataclass(frozen=True)
class ExpectedRows:
    """What becomes of the objects of these lists: tables with their money columns, and rows.

    What belongs to no team is expected once, with the id of the key's own team. Without
    `rows_of` the tables are filled elsewhere.
    """

    lists: tuple[str, ...]
    tables: Mapping[str, tuple[str, ...]]
    rows_of: RowsOf | None = None


@cache
def expected_rows() -> tuple[ExpectedRows, ...]:
    """All that the modules of `expected/tables/` declare."""
    names = sorted(module.name for module in pkgutil.iter_modules(tables.__path__))
    modules = [import_module(f"{tables.__name__}.{name}") for name in names]
    return tuple(one for module in modules for one in module.EXPECTED)


def rows_by_list() -> dict[str, RowsOf]:
    """The rows of every list that is read page by page."""
    return {name: one.rows_of for one in expected_rows() if one.rows_of for name in one.lists}


def numbered(rows: Iterable[Any] | None) -> Iterator[tuple[int, Any]]:
    return enumerate(rows or (), 1)


def links(table: str, key: Key, ids: Iterable[Any], add: Add) -> None:
    for name in ids:
        add(table, (*key, name), {})


def items(parent: str, key: Key, record: Record, add: Add) -> None:
    for number, item in numbered(record.get("items")):
        add(f"{parent}_items", (*key, number), item)
        for tax_number, tax in numbered(item.get("taxes")):
            add(f"{parent}_item_taxes", (*key, number, tax_number), tax)


def invoice_id(record: Record) -> str:
    name: str = record.get("id") or record["uuid"].lower()
    return name
