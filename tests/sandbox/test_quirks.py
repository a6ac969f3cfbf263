"""Quirks change the spelling of a record, never what it says."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import httpx

from pipelines.sandbox.api import paging
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import decode

ReadAll = Callable[..., list[Any]]


def pairs(account: Account, stream: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Wire and clean form of every record."""
    for team in range(len(account.teams)):
        window = paging.whole(team, stream)
        wire = dict(account.store.page(*window, -1, ascending=True))
        for place, record in account.store.objects(team, stream):
            yield decode(wire[place]), record


def test_a_few_records_are_distorted_and_most_are_not(account: Account) -> None:
    every = [pair for one in account.lists if one.quirks for pair in pairs(account, one.name)]
    odd = sum(wire != clean for wire, clean in every)
    assert 0.01 < odd / len(every) < 0.15


def test_amounts_mean_the_same_on_the_wire(busy_account: Account) -> None:
    as_text = 0
    for wire, clean in pairs(busy_account, "income"):
        for name in ("total", "subtotal", "taxes", "discount"):
            assert Decimal(wire[name]) == Decimal(clean[name])
            as_text += isinstance(wire[name], str)
    assert as_text


def test_statuses_mean_the_same_on_the_wire(account: Account) -> None:
    meaning = {"canceled": "cancelled", "succeeded_": "succeeded"}
    for stream in ("income", "payments", "receipts"):
        for wire, clean in pairs(account, stream):
            assert meaning.get(wire["status"], wire["status"]) == clean["status"]


def test_creation_is_spelled_in_several_ways(busy_account: Account) -> None:
    spelled = {
        type(wire.get("created_at", wire.get("created")))
        for stream in ("income", "payments", "receipts", "clients")
        for wire, _ in pairs(busy_account, stream)
    }
    assert spelled == {int, str, dict}


def test_the_creation_of_a_clean_record_is_its_place(account: Account) -> None:
    for stream in ("income", "payments", "receipts", "clients", "services"):
        for place, record in account.store.objects(0, stream):
            assert record["created_at"] == positions.second_of(place)


def test_lists_hold_nulls_now_and_then(busy_api: httpx.Client) -> None:
    pages = []
    cursor = None
    while True:
        more: dict[str, Any] = {"next": cursor} if cursor else {}
        page = busy_api.get("/payments", params={"limit": 3} | more).json()
        pages.append(page)
        cursor = page.get("next")
        if not cursor:
            break
    with_null = sum(None in page["data"] for page in pages)
    assert 0 < with_null < 0.1 * len(pages)
    assert any(page["total_results"] is None for page in pages)
    assert {type(page["timestamp"]) for page in pages} == {int, str}
    assert any(page["message"].startswith("Clients") for page in pages)


def test_cancelled_is_spelled_with_one_l_or_two(
    read_all: ReadAll, busy_api: httpx.Client, busy_account: Account
) -> None:
    rows = [
        row
        for team in busy_account.teams
        for kind in ("income", "payment")
        for row in read_all(busy_api, f"/invoices/{kind}", team=team)
    ]
    assert {"cancelled", "valid"} <= {row["status"] for row in rows}
