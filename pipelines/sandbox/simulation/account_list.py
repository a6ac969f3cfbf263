"""What a list of the account is, and where each is declared.

To add a list:

1. its name and number in `NUMBERS` of `storage/positions.py`, the next number that is free;
2. a module in `simulation/lists/`, which has a constant `LISTS` with an `AccountList` and the
   functions that it names: what is there before the first day, what is new each day, what happens
   to its objects. Rows go to `day.store` at a place that the list's own dice give:
   `dice = day.dice("coupons", number); place = dice.place(dice.moment())`;
3. a module in `expected/tables/`, which has a constant `EXPECTED`: the tables that a load makes of
   the list, and the rows of one object.

Nothing else names the list: both packages are searched, and the server makes its routes of what
it finds. Since every list rolls dice of its own, a new one changes no other.
"""

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Literal

from pipelines.sandbox.simulation import lists
from pipelines.sandbox.simulation.day import Day
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.quirks import Quirk

OnDay = Callable[[Day], None]
OnEvent = Callable[[Day, int, str], None]  # the day, the object's place, the event's detail


@dataclass(frozen=True)
class AccountList:
    """One list of the account: how the API shows it, and how it lives.

    `path` is the list's below /v2, if it has one; with `is_single` an object of it is at
    `path/{id}`. `cursor` has the names of the parameter and of the answer's field. `filters` are
    the query parameters on the content of its records, `total` the field with their count.
    `events` maps the actions that are planned with `store.plan` to what they do.
    """

    name: str
    path: str | None = None
    paging: Literal["cursor", "number", "whole"] = "cursor"
    cursor: tuple[str, str] = ("next", "next")
    total: str | None = "total_results"
    is_single: bool = False
    is_shared: bool = False  # it belongs to no single team
    filters: tuple[str, ...] = ()
    quirks: tuple[Quirk, ...] = ()
    furnish: OnDay | None = None
    simulate_day: OnDay | None = None
    events: Mapping[str, OnEvent] = field(default_factory=dict)


@cache
def account_lists() -> tuple[AccountList, ...]:
    """Every list that a module of `simulation/lists/` declares, in the order of their numbers."""
    names = sorted(module.name for module in pkgutil.iter_modules(lists.__path__))
    modules = [import_module(f"{lists.__name__}.{name}") for name in names]
    found: list[AccountList] = [one for module in modules for one in getattr(module, "LISTS", ())]
    return tuple(sorted(found, key=lambda one: positions.NUMBERS[one.name]))
