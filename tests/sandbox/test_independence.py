"""A list has dice and places of its own: what is added to one changes no other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.sandbox.api import paging
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.simulation.account_list import AccountList, account_lists
from pipelines.sandbox.simulation.day import Day, DayDice
from pipelines.sandbox.simulation.payment import add_payment
from pipelines.sandbox.storage import positions
from tests.accounts import create_account

Contents = dict[tuple[int, str], dict[int, bytes]]  # by team and list, then by place
NAMES = tuple(positions.NUMBERS)
VISITS = "visits"


def contents(account: Account) -> Contents:
    teams = (*range(len(account.teams)), positions.SHARED_TEAM)
    return {
        (team, name): dict(account.store.page(*paging.whole(team, name), -1, ascending=True))
        for team in teams
        for name in NAMES
    }


def differing(one: Contents, other: Contents) -> set[str]:
    """The names of the lists that are not the same to the byte."""
    return {name for team, name in one if one[team, name] != other[team, name]}


@contextmanager
def account_of(path: Path, *lists: AccountList) -> Iterator[Account]:
    """An account whose declared lists are replaced or joined by these."""
    known = {one.name: one for one in (*account_lists(), *lists)}
    size: dict[str, Any] = {"clients": 8, "months": 2, "teams": 2, "invoices": 240}
    with create_account(path, lists=known.values(), **size) as made:
        yield made


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    with account_of(tmp_path_factory.mktemp("usual") / "account.sqlite") as account:
        return contents(account)


def declared(name: str) -> AccountList:
    return next(one for one in account_lists() if one.name == name)


def add_visit(dice: DayDice, subject: int) -> int:
    place = dice.place(dice.moment())
    record = {"id": positions.object_id("visit_", place), "to": subject, "at": dice.random()}
    dice.day.store.add(place, record)
    return place


def visit_clients(day: Day) -> None:
    """Some visits a day, some of which lead to another one, or to one of a client."""
    for number in range(day.dice(VISITS).some(2.5)):
        dice = day.dice(VISITS, number)
        client = dice.pick(day.team.clients).place
        day.store.plan(dice.later(0, 9), add_visit(dice, client), "visit_again")
        day.store.plan(dice.later(0, 9), client, "visit_client")


def visit_again(day: Day, place: int, _: str) -> None:
    add_visit(day.dice(VISITS, place), place)


def furnish_visits(day: Day) -> None:
    add_visit(day.dice(VISITS), 0)


def test_a_new_list_changes_no_other(
    usual: Contents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(positions.NUMBERS, VISITS, len(NAMES))
    visits = AccountList(
        VISITS,
        "/visits",
        furnish=furnish_visits,
        simulate_day=visit_clients,
        events={"visit_again": visit_again, "visit_client": visit_again},
    )
    with account_of(tmp_path / "a.sqlite", visits) as account:
        assert contents(account) == usual
        for team in range(2):
            subjects = [record["to"] for _, record in account.store.objects(team, VISITS)]
            assert {positions.list_of(place) for place in subjects if place} == {VISITS, "clients"}
            assert 0 in subjects


@pytest.mark.parametrize(
    ("name", "caused"),
    [
        *[(name, set()) for name in ("users", "webhooks", "downloads", "retentions", "documents")],
        ("transfers", {"sat_invoices"}),
        ("sat_invoices", set()),
        ("complements", {"sat_invoices", "income", "payments", "documents"}),
    ],
)
def test_one_more_roll_of_a_list_changes_only_what_it_causes(
    usual: Contents,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    caused: set[str],
) -> None:
    """One before each of its objects gets its place: the object is another one then."""
    place_of = DayDice.place

    def rolled_once_more(dice: DayDice, *given: Any, **more: Any) -> int:
        if dice.name == name:
            dice.random()
        return place_of(dice, *given, **more)

    monkeypatch.setattr(DayDice, "place", rolled_once_more)
    with account_of(tmp_path / "a.sqlite") as account:
        changed = differing(usual, contents(account))
    assert changed <= {name} | caused
    has_any = any(usual[team, name] for team in range(2))
    has_ids_before = name == "users"  # they come with their team, before the first day
    assert (name in changed) == (has_any and not has_ids_before)


def with_every_day(one: AccountList, more: Callable[[Day], None]) -> AccountList:
    def simulate_day(day: Day) -> None:
        more(day)
        if one.simulate_day:
            one.simulate_day(day)

    return replace(one, simulate_day=simulate_day)


def test_a_new_event_changes_nothing_but_its_object(usual: Contents, tmp_path: Path) -> None:
    def annotate(day: Day, place: int, _: str) -> None:
        record, dice = day.store.get(place), day.dice("payments", place)
        assert record
        day.store.put(place, record | {"note": dice.between(0, 10**9)})

    def plan_notes(day: Day) -> None:
        for number, (place, _) in enumerate(day.store.objects(day.team.number, "payments")):
            day.store.plan(day.dice("payments", number).later(0, 3), place, "annotate")

    payments = declared("payments")
    noted = replace(payments, events=payments.events | {"annotate": annotate})  # type: ignore[operator]
    with account_of(tmp_path / "a.sqlite", with_every_day(noted, plan_notes)) as account:
        found = contents(account)
        notes = ["note" in record for _, record in account.store.objects(0, "payments")]
    assert differing(usual, found) == {"payments"}
    assert sum(notes) > 0.5 * len(notes)
    assert all(found[key].keys() == usual[key].keys() for key in usual)


def test_more_objects_of_a_list_leave_the_others_where_and_as_they_are(
    usual: Contents, tmp_path: Path
) -> None:
    def pay_more(day: Day) -> None:
        if day.team.number == 0:
            dice = day.dice("payments", 1000)
            sums = {"total": 1, "subtotal": 1, "taxes": 0, "currency": "MXN", "exchange_rate": 1}
            add_payment(dice, dice.moment(), None, [], sums)

    with account_of(
        tmp_path / "a.sqlite", with_every_day(declared("payments"), pay_more)
    ) as account:
        found = contents(account)
    assert differing(usual, found) <= {"payments", "documents"}
    for key, rows in usual.items():
        assert rows.items() <= found[key].items()
    assert found[1, "payments"] == usual[1, "payments"]
    assert len(found[0, "payments"]) == len(usual[0, "payments"]) + 60
