"""The invented account: the same from the same seed, alive, and right in its arithmetic."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation import money, rfc
from pipelines.sandbox.simulation.account import EPOCH, Account
from pipelines.sandbox.simulation.day import Day
from pipelines.sandbox.simulation.lists import sat_invoices
from pipelines.sandbox.storage import positions
from tests.accounts import create_account

INVOICES = ("income", "egress", "complements", "transfers")
SIZE: dict[str, Any] = {"clients": 6, "months": 1, "teams": 2, "invoices": 80}


def bodies(account: Account) -> list[tuple[int, bytes]]:
    every = range(len(account.teams)), positions.NUMBERS
    return [
        row
        for team in (*every[0], positions.SHARED_TEAM)
        for stream in every[1]
        for row in account.store.page(
            positions.at_second(team, stream, 0),
            positions.at_second(team, stream, 1 << positions.SECOND_BITS),
            -1,
            ascending=True,
        )
    ]


def records(account: Account, *streams: str) -> Iterator[dict[str, Any]]:
    for team in range(len(account.teams)):
        for stream in streams:
            for _, record in account.store.objects(team, stream):
                yield record


def test_the_same_seed_makes_the_same_bytes(own_account: Account, tmp_path: Path) -> None:
    with create_account(tmp_path / "again.sqlite", **SIZE) as again:
        assert bodies(again) == bodies(own_account)


def test_another_seed_makes_another_account(own_account: Account, tmp_path: Path) -> None:
    with create_account(tmp_path / "other.sqlite", seed=8, **SIZE) as other:
        assert bodies(other) != bodies(own_account)


def test_an_account_ends_at_its_epoch_unless_told_otherwise(account: Account) -> None:
    assert account.now == EPOCH


def test_a_day_changes_things(own_account: Account) -> None:
    before = dict(bodies(own_account))
    own_account.advance(3)
    after = dict(bodies(own_account))
    assert after.keys() - before.keys()
    assert any(after[place] != before[place] for place in after.keys() & before.keys())
    assert (own_account.now - EPOCH).days == 3


def test_an_account_opened_again_goes_on_as_if_it_had_never_been_closed(tmp_path: Path) -> None:
    with create_account(tmp_path / "a.sqlite", **SIZE) as kept:
        kept.advance(8)
        kept.advance(32)
        in_one_go = bodies(kept)
    with create_account(tmp_path / "b.sqlite", **SIZE) as first:
        first.advance(8)
    with Account.open(tmp_path / "b.sqlite") as second:
        second.advance(32)
        assert bodies(second) == in_one_go


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.sqlite"):
        Account.open(tmp_path / "nowhere.sqlite")


def test_the_number_of_invoices_is_about_what_was_asked_for(account: Account) -> None:
    assert 0.8 * 500 < sum(1 for _ in records(account, "income")) < 1.3 * 500


def test_teams_are_of_unequal_size(account: Account) -> None:
    sizes = [sum(1 for _ in account.store.objects(team, "income")) for team in range(3)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 2 * sizes[2]


def test_every_invoice_adds_up(account: Account) -> None:
    for record in records(account, "income", "egress", "drafts", "receipts"):
        sums = money.Totals(
            *(
                Decimal(record[name])
                for name in ("subtotal", "discount", "taxes", "withholding_taxes", "total")
            )
        )
        assert sums.total == sums.subtotal - sums.discount + sums.taxes - sums.withheld
        net = sum(
            Decimal(item["quantity"]) * Decimal(item["unit_price"]) for item in record["items"]
        )
        assert money.rounded(Decimal(net), record["currency"]) == sums.subtotal
        assert sums == money.totals(_exact(record["items"]), record["currency"])


def _exact(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for item in items:
        for name in ("quantity", "unit_price", "discount"):
            item[name] = Decimal(item[name])
        for tax in item.get("taxes", ()):
            tax["base"] = Decimal(tax["base"])
            assert tax["base"] == item["quantity"] * item["unit_price"] - item["discount"]
    return items


def test_no_amount_has_more_than_six_decimals(account: Account) -> None:
    def numbers(value: Any) -> Iterator[Decimal]:
        if isinstance(value, Decimal):
            yield value
        elif isinstance(value, dict | list):
            for inner in value.values() if isinstance(value, dict) else value:
                yield from numbers(inner)

    for record in records(account, *INVOICES, "payments", "receipts", "services", "retentions"):
        for number in numbers(record):
            exponent = number.as_tuple().exponent
            assert isinstance(exponent, int) and exponent >= -6


def test_the_balance_is_what_complements_and_credit_notes_left(own_account: Account) -> None:
    own_account.advance(30)
    for place, invoice in own_account.store.objects(0, "income"):
        if invoice["payment_method"] == "PPD":
            own_account.store.plan(int(own_account.now.timestamp()), place, "credit")
    own_account.advance(30)
    income = {record.get("id"): record for record in records(own_account, "income")}
    settled: Counter[str] = Counter()
    for record in records(own_account, "complements", "egress"):
        if record["status"] == "valid":
            settled[record["invoices"][0]] += Decimal(record["total"])  # type: ignore[assignment]
    credits = sum(1 for _ in records(own_account, "egress"))
    checked = 0
    for name, invoice in income.items():
        if invoice["payment_method"] == "PPD" and invoice["status"] == "valid":
            assert invoice["last_balance"] == invoice["total"] - settled[str(name)]
            assert invoice["last_balance"] >= 0
            checked += invoice["installments"] > 0
    assert checked > 10
    assert credits


def test_a_complement_says_what_it_paid(account: Account) -> None:
    for record in records(account, "complements"):
        text = record["complements"][0]["data"]
        assert f'ImpPagado="{record["total"]}"' in text
        assert record["payments"] and record["invoices"]
        assert record["related_documents"] == []


def test_a_substitute_names_the_invoice_that_it_replaces(busy_account: Account) -> None:
    replaced = {
        record["cancellation"]["substitution_uuid"]: record["uuid"]
        for record in records(busy_account, "income")
        if record["cancellation"] and record["cancellation"]["motive"] == "01"
    }
    assert replaced
    by_uuid = {record["uuid"]: record for record in records(busy_account, "income")}
    for new, old in replaced.items():
        assert by_uuid[new]["related_documents"] == [{"relationship": "04", "documents": [old]}]
        assert by_uuid[old]["status"] == "cancelled"


def test_every_receipt_is_in_one_global_invoice_at_most(account: Account) -> None:
    gathered = Counter(
        item["sku"]
        for record in records(account, "income")
        if record["global"]
        for item in {item["sku"]: item for item in record["items"]}.values()
    )
    assert gathered and set(gathered.values()) == {1}
    months = Counter(
        (record["team"], record["global"]["year"], record["global"]["months"])
        for record in records(account, "income")
        if record["global"]
    )
    assert set(months.values()) == {1}
    completed = {r["id"] for r in records(account, "receipts") if r["status"] == "completed"}
    assert gathered.keys() <= completed


def test_issued_invoices_are_in_the_sat_mirror(account: Account) -> None:
    mirrored = {
        record["uuid"]
        for record in records(account, "sat_invoices")
        if record["direction"] == "issued"
    }
    stamped = {record["uuid"] for record in records(account, *INVOICES) if record["uuid"]}
    assert mirrored == stamped


def test_a_cancelled_invoice_is_cancelled_at_sat(account: Account) -> None:
    cancelled = {r["uuid"] for r in records(account, "income") if r["status"] == "cancelled"}
    at_sat = {
        record["uuid"]
        for record in records(account, "sat_invoices")
        if record["status"] == "Cancelado"
    }
    assert cancelled and cancelled <= at_sat


def test_some_invoices_are_in_the_mirror_in_both_directions(busy_account: Account) -> None:
    directions: dict[str, set[str]] = {}
    for record in records(busy_account, "sat_invoices"):
        directions.setdefault(record["uuid"], set()).add(record["direction"])
    assert {"issued", "received"} in directions.values()


def test_most_tax_ids_have_their_check_digit(account: Account) -> None:
    tax_ids = [record["tax_id"] for record in records(account, "clients")]
    named = [one for one in tax_ids if one not in (rfc.GENERIC, rfc.FOREIGN)]
    assert sum(map(rfc.is_valid, named)) > 0.85 * len(named)


@pytest.mark.parametrize("tax_id", ["SAT970701NN3", "CFE370814QI0", "BBA830831LJ2"])
def test_the_check_digit_agrees_with_known_tax_ids(tax_id: str) -> None:
    assert rfc.is_valid(tax_id)
    assert not rfc.is_valid(rfc.spoil(tax_id))


def test_what_happens_has_its_variety(busy_account: Account) -> None:
    statuses = Counter(record["status"] for record in records(busy_account, "payments"))
    assert statuses.keys() >= {"succeeded", "failed", "cancelled", "refunded", "pending"}
    assert any("total" not in record for record in records(busy_account, "payments"))
    assert {record["currency"] for record in records(busy_account, "income")} > {"MXN"}
    assert any("id" not in record for record in records(busy_account, "income"))
    assert any("taxes" not in i for r in records(busy_account, "income") for i in r["items"])
    cancellations = [
        r["cancellation"] for r in records(busy_account, "income") if r["cancellation"]
    ]
    types = {one["cancellation_type"] for one in cancellations}
    assert types == {"with_acceptance", "without_acceptance"}


def test_ids_lead_back_to_where_the_object_is() -> None:
    place = positions.position(3, "payments", 1_790_000_000, 77_123)
    assert positions.place_of(positions.object_id("payment_", place)) == place
    assert (
        positions.place_of(positions.uuid(place))
        == positions.place_of(positions.uuid(place).upper())
        == place
    )
    assert positions.second_of(place) == 1_790_000_000
    assert positions.place_of("ñ") is None


def test_no_two_objects_want_the_same_place(busy_account: Account) -> None:
    """Or the second would have replaced the first, which was counted."""
    store = busy_account.store
    for team in (*range(3), positions.SHARED_TEAM):
        for name in positions.NUMBERS:
            counted = store.counts.get(positions.partition(team, name), 0)
            assert counted == sum(1 for _ in store.objects(team, name)), name


def test_an_object_moves_on_when_its_place_is_taken(own_account: Account) -> None:
    store, team = own_account.store, own_account.roster[0]
    day = Day(store, own_account.roster, team.number, int(own_account.now.timestamp()), seed=1)
    places = {day.dice("payments", 5).place(day.start) for _ in range(50)}
    assert len(places) == 50
    invoices = {day.dice("income", 5).place(day.start, mirrored_in="sat_invoices")}
    mirrored = {day.dice("sat_invoices", 5).place(day.start) for _ in range(50)}
    assert len(mirrored | {sat_invoices.mirror_place(place) for place in invoices}) == 51


def test_what_is_expected_of_one_team_leaves_the_others_out(account: Account) -> None:
    team = account.teams[1]
    tables = expected(account, [team])
    assert {key[0] for key in tables["invoices"].keys} == {team}
    assert tables["invoices"].rows < expected(account)["invoices"].rows
