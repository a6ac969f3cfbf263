"""Receivables, worked out by hand: balances, tiers of evidence, ageing, roll-forward."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from .hand import TEAM, at, books, cancelled, invoice, note, paid_text, payment, refund, rep
from .receivables import OpenItem, ageing, open_items, rollforward

D = Decimal
END = date(2026, 12, 31)


def item(*records: dict[str, Any], key: str = "i", cut: date = END, **more: Any) -> OpenItem | None:
    return open_items(books(*records, **more), cut).get((TEAM, key))


def balance(*records: dict[str, Any], key: str = "i", cut: date = END) -> Decimal:
    found = item(*records, key=key, cut=cut)
    return found.open_balance if found else D(0)


def test_a_complement_lowers_the_balance_on_the_day_of_the_payment_it_tells() -> None:
    text = paid_text("2026-01-31T23:59:00", "i", "400.00")
    records = invoice(), rep("p", "2026-02-04", "400.00", complements=text)
    assert balance(*records, cut=date(2026, 1, 30)) == D("1160.00")
    assert balance(*records, cut=date(2026, 1, 31)) == D("760.00")
    found = item(*records)
    assert found and found.evidence_tier == "rep_xml"


def test_a_complement_without_text_lowers_it_on_the_day_of_its_payment() -> None:
    records = (
        invoice(),
        payment("pay", "2026-01-20", "400.00", "i"),
        rep("p", "2026-02-04", "0", "pay"),
    )
    assert balance(*records, cut=date(2026, 1, 19)) == D("1160.00")
    assert balance(*records, cut=date(2026, 1, 20)) == D("760.00")
    found = item(*records)
    assert found and found.evidence_tier == "rep_api"


def test_a_payment_alone_is_evidence_and_its_refund_opens_the_invoice_again() -> None:
    paid = payment("pay", "2026-01-20", "400.00", "i", refunds=[refund("2026-03-01", "150.00")])
    assert balance(invoice(), paid, cut=date(2026, 2, 28)) == D("760.00")
    assert balance(invoice(), paid, cut=date(2026, 3, 1)) == D("910.00")
    found = item(invoice(), paid)
    assert found and found.evidence_tier == "payment"


def test_a_payment_whose_complement_is_not_there_yet_counts_beside_those_that_have_theirs() -> None:
    records = (
        invoice(),
        payment("pay1", "2026-01-20", "400.00", "i"),
        payment("pay2", "2026-02-20", "300.00", "i"),
        rep("p", "2026-02-01", "400.00", "pay1"),
    )
    assert balance(*records) == D("460.00")
    found = item(*records)
    assert found and found.evidence_tier == "payment"  # the weakest


def test_when_nothing_else_tells_the_balance_of_the_api_does() -> None:
    found = item(invoice(last_balance="500.00"), seen={"i": date(2026, 4, 1)})
    assert found and found.open_balance == D("500.00")
    assert found.evidence_tier == "balance"
    before = item(
        invoice(last_balance="500.00"), seen={"i": date(2026, 4, 1)}, cut=date(2026, 3, 31)
    )
    assert before and before.open_balance == D("1160.00")


def test_the_balance_of_today_tells_nothing_of_the_days_before_a_payment() -> None:
    records = invoice(last_balance="0"), rep("p", "2026-03-01", "1160.00")
    found = item(*records, as_of=date(2026, 2, 1), cut=date(2026, 2, 1))
    assert found and (found.open_balance, found.evidence_tier) == (D("1160.00"), None)


def test_a_cancelled_complement_counted_until_it_was_cancelled() -> None:
    records = (
        invoice(),
        rep("p1", "2026-01-20", "400.00"),
        cancelled(rep("p2", "2026-02-10", "300.00"), "2026-03-05"),
    )
    days = {date(2026, 1, 31): "760.00", date(2026, 2, 28): "460.00", date(2026, 3, 5): "760.00"}
    assert {day: balance(*records, cut=day) for day in days} == {d: D(x) for d, x in days.items()}


def test_a_complement_that_another_replaces_is_not_counted_twice() -> None:
    replaced = [{"relationship": "04", "documents": ["p1-uuid"]}]
    records = (
        invoice(),
        rep("p1", "2026-01-20", "400.00"),
        rep("p2", "2026-01-25", "400.00", related_documents=replaced),
    )
    assert balance(*records) == D("760.00")


def test_an_invoice_cancelled_later_was_still_open() -> None:
    record = cancelled(invoice(), "2026-02-10")
    assert balance(record, cut=date(2026, 2, 9)) == D("1160.00")
    assert balance(record, cut=date(2026, 2, 10)) == 0


@pytest.mark.parametrize(("paid", "is_open"), [("1159.99", False), ("1159.98", True)])
def test_a_cent_is_no_balance(paid: str, is_open: bool) -> None:
    assert bool(balance(invoice(), rep("p", "2026-01-20", paid))) == is_open


def test_what_is_paid_at_once_is_no_receivable() -> None:
    assert balance(invoice(payment_method="PUE")) == 0


def test_a_note_over_several_invoices_falls_on_them_by_what_they_owe_to_the_cent() -> None:
    records = (
        invoice("a", total="100.00"),
        invoice("b", day="2026-01-11", total="200.00"),
        invoice("c", day="2026-01-12", total="400.00"),
        payment("p", "2026-01-20", "300.00", "c"),
        note("e", "2026-02-01", "100.00", "a", "b", "c"),
    )
    # open 100, 200, 100: shares 25, 50, 25
    assert [balance(*records, key=key) for key in "abc"] == [D("75.00"), D("150.00"), D("75.00")]


def test_cents_left_over_go_to_the_largest_fractions() -> None:
    records = (
        invoice("a", total="100.00"),
        invoice("b", day="2026-01-11", total="100.00"),
        invoice("c", day="2026-01-12", total="100.00"),
        note("e", "2026-02-01", "100.00", "a", "b", "c"),
    )
    # thirds of 33.333...: the cent goes to the first of equals
    assert [balance(*records, key=key) for key in "abc"] == [D("66.66"), D("66.67"), D("66.67")]


def test_what_a_note_has_beyond_what_is_owed_is_the_clients_credit() -> None:
    records = (
        invoice("a", total="100.00"),
        invoice("b", day="2026-01-11", total="300.00"),
        note("e", "2026-02-01", "390.00", "a", "b"),
        note("f", "2026-01-20", "20.00", "b"),
    )
    # open 100 and 280, the note is 390: each its own, and the 10 beyond on b, where 20 were settled
    assert (balance(*records, key="a"), balance(*records, key="b")) == (D(0), D("-10.00"))


def test_a_note_without_relation_pays_nothing() -> None:
    assert balance(invoice(), note("e", "2026-02-01", "100.00", invoices=["i"])) == D("1160.00")


def test_a_payment_over_two_invoices_falls_on_them_by_what_they_owe() -> None:
    records = (
        invoice("a", total="100.00"),
        invoice("b", day="2026-01-11", total="300.00"),
        note("e", "2026-01-15", "100.00", "b"),
        payment("pay", "2026-02-01", "150.00", "a", "b"),
    )
    # owed 100 and 200: 50 and 100
    assert (balance(*records, key="a"), balance(*records, key="b")) == (D("50.00"), D("100.00"))


def test_a_payment_reaches_an_invoice_through_its_receipt() -> None:
    receipt = {"id": "r", "invoices": ["i"]}
    paid = payment("pay", "2026-02-01", "1000.00", receipts=["r"])
    assert item(invoice(), paid, receipts=[receipt]).open_balance == D("160.00")  # type: ignore[union-attr]


def test_a_payment_follows_the_invoice_that_replaced_its_own() -> None:
    old = cancelled(invoice("old", payments=["pay"]), "2026-01-20")
    new = invoice("new", day="2026-01-20", payments=["pay"])
    paid = payment("pay", "2026-01-15", "1000.00", "old")
    assert balance(old, new, paid, key="new") == D("160.00")


def test_dollars_pay_an_invoice_in_pesos_at_the_rate_of_the_payment() -> None:
    paid = payment("pay", "2026-02-01", "50.00", "i", currency="USD", exchange_rate="17.5")
    assert balance(invoice(), paid) == D("285.00")  # 1160 - 875


@pytest.mark.parametrize(
    ("cut", "standard", "gigstack"),
    [
        ("2026-01-10", "0 Por vencer", "0-15"),
        ("2026-01-11", "1 1-30", "0-15"),
        ("2026-01-26", "1 1-30", "16-30"),
        ("2026-02-09", "1 1-30", "16-30"),
        ("2026-02-10", "2 31-60", "31-60"),
        ("2026-04-10", "3 61-90", "61-90"),
        ("2026-04-11", "4 91-120", ">90"),
        ("2026-05-10", "4 91-120", ">90"),
        ("2026-05-11", "5 >120", ">90"),
    ],
)
def test_buckets_by_age(cut: str, standard: str, gigstack: str) -> None:
    found = item(invoice(), cut=date.fromisoformat(cut))
    assert found and (found.aging_bucket, found.aging_bucket_gigstack) == (standard, gigstack)


def test_terms_of_the_client_move_the_due_date() -> None:
    client = {"id": "client_1", "metadata": {"payment_terms_days": 30}}
    found = item(invoice(), clients=[client], terms_days=15, cut=date(2026, 2, 9))
    assert found and (found.due_date, found.due_date_basis) == (date(2026, 2, 9), "terms")
    assert found.aging_bucket == "0 Por vencer"


def test_ageing_is_by_client_currency_and_day() -> None:
    foreign: dict[str, Any] = {"currency": "USD", "total": "100.05", "exchange_rate": "17.3"}
    rows = ageing(
        books(
            invoice("a"),
            invoice("b", **foreign),
            rep("p", "2026-02-01", "40.02", of="b", currency="USD"),
        ),
        [date(2026, 1, 31), date(2026, 2, 28)],
    )
    assert {key[2:]: row["open_balance_mxn"] for key, row in rows.items()} == {
        ("MXN", date(2026, 1, 31), "1 1-30"): D("1160.00"),
        ("USD", date(2026, 1, 31), "1 1-30"): D("1730.87"),  # 100.05 * 17.3 = 1730.865
        ("MXN", date(2026, 2, 28), "2 31-60"): D("1160.00"),
        ("USD", date(2026, 2, 28), "2 31-60"): D("1038.52"),  # 60.03 * 17.3 = 1038.519
    }


def test_the_rollforward_leaves_nothing_unexplained() -> None:
    told = books(
        invoice("a"),
        cancelled(invoice("b", day="2026-01-20"), "2026-02-11"),
        rep("p", "2026-02-05", "400.00", of="a"),
        note("e", "2026-02-10", "116.00", "a"),
        note("f", "2026-02-10", "100.00", "b"),
        invoice("c", day="2026-03-02"),
        as_of=date(2026, 3, 15),
    )
    rows = rollforward(told)
    names = ("opening", "invoiced_ppd", "collected", "credit_notes", "cancelled", "closing")
    assert {key[2].month: [str(row[name]) for name in names] for key, row in rows.items()} == {
        1: ["0", "2320.00", "0", "0", "0", "2320.00"],
        2: ["2320.00", "0", "400.00", "216.00", "1060.00", "644.00"],
        3: ["644.00", "1160.00", "0", "0", "0", "1804.00"],
    }


def test_the_rollforward_in_pesos_is_that_of_the_rounded_balance() -> None:
    foreign: dict[str, Any] = {"currency": "USD", "total": "100.00", "exchange_rate": "17.333333"}
    told = books(
        invoice(**foreign),
        rep("p1", "2026-02-05", "33.33", currency="USD", exchange_rate="18"),
        rep("p2", "2026-03-05", "66.67", currency="USD", exchange_rate="19"),
        as_of=date(2026, 3, 31),
    )
    rows = rollforward(told)
    # 1733.33; 66.67 * 17.333333 = 1155.61; 0
    assert [str(row["closing_mxn"]) for row in rows.values()] == ["1733.33", "1155.61", "0.00"]
    assert [str(row["collected_mxn"]) for row in rows.values()] == ["0", "577.72", "1155.61"]


def test_the_clock_of_the_team_decides_the_day_of_a_payment() -> None:
    late = at("2026-01-31", "23:30:00")  # already February in Greenwich
    paid = payment("pay", "2026-01-31", "160.00", "i", succeeded_at=late)
    assert balance(invoice(), paid, cut=date(2026, 1, 31)) == D("1000.00")
