"""Complements owed, DSO and reconciliation, worked out by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from .hand import TEAM, books, cancelled, invoice, note, payment, refund, rep
from .owed import Owed, rep_owed
from .performance import performance
from .reconciliation import reconciliation

D = Decimal


def owed(*records: dict[str, Any], as_of: date = date(2026, 12, 31)) -> dict[str, Owed]:
    return {key[1]: row for key, row in rep_owed(books(*records, as_of=as_of)).items()}


def paid(
    key: str = "pay", day: str = "2026-02-10", amount: str = "400.00", **more: Any
) -> dict[str, Any]:
    return payment(key, day, amount, "i", **more)


@pytest.mark.parametrize(
    ("as_of", "status"), [(date(2026, 3, 5), "pending_in_term"), (date(2026, 3, 6), "overdue")]
)
def test_a_complement_is_owed_until_the_fifth_of_the_next_month(as_of: date, status: str) -> None:
    row = owed(invoice(), paid(), as_of=as_of)["pay"]
    assert (row.owed_amount, row.rep_due_date, row.rep_status) == (D(400), date(2026, 3, 5), status)


@pytest.mark.parametrize(
    ("issued", "status"), [("2026-03-05", "issued_on_time"), ("2026-03-06", "issued_late")]
)
def test_a_complement_is_late_when_it_is_issued_after_the_fifth(issued: str, status: str) -> None:
    row = owed(invoice(), paid(), rep("p", issued, "400.00", "pay"))["pay"]
    assert (row.owed_amount, row.rep_status) == (D(0), status)


def test_a_cancelled_complement_is_owed_again() -> None:
    gone = cancelled(rep("p", "2026-02-11", "400.00", "pay"), "2026-02-20")
    assert owed(invoice(), paid(), gone)["pay"].owed_amount == D("400.00")
    before = owed(invoice(), paid(), gone, as_of=date(2026, 2, 19))["pay"]
    assert before.rep_status == "issued_on_time"


def test_complements_that_name_no_payment_cover_the_earliest_first() -> None:
    rows = owed(
        invoice(),
        paid("pay1", "2026-02-10", "400.00"),
        paid("pay2", "2026-02-20", "300.00"),
        rep("p", "2026-02-25", "500.00"),
    )
    assert {key: (row.rep_amount, row.owed_amount) for key, row in rows.items()} == {
        "pay1": (D("400.00"), D("0.00")),
        "pay2": (D("100.00"), D("200.00")),
    }


def test_what_a_complement_has_beyond_its_payment_covers_others() -> None:
    rows = owed(
        invoice(),
        paid("pay1", "2026-02-10", "400.00"),
        paid("pay2", "2026-02-20", "300.00"),
        rep("p", "2026-02-25", "450.00", "pay2"),
    )
    assert {key: row.rep_amount for key, row in rows.items()} == {"pay1": D(150), "pay2": D(300)}


def test_money_given_back_needs_no_complement() -> None:
    half = paid(refunds=[refund("2026-02-12", "100.00")])
    assert owed(invoice(), half)["pay"].owed_amount == D("300.00")
    whole = paid(refunds=[refund("2026-02-12", "400.00")], status="refunded")
    assert owed(invoice(), whole) == {}
    assert owed(invoice(), whole, as_of=date(2026, 2, 11))["pay"].owed_amount == D("400.00")


def test_what_is_paid_at_once_needs_no_complement() -> None:
    assert owed(invoice(payment_method="PUE"), paid()) == {}


def test_dso_and_its_kin() -> None:
    told = books(
        invoice("a", "2026-01-10", "1000.00"),
        invoice("b", "2026-02-10", "600.00"),
        invoice("c", "2026-02-28", "400.00"),
        rep("p", "2026-02-15", "700.00", of="a"),
        cancelled(invoice("d", "2026-02-11", "5000.00"), "2026-02-20"),
        as_of=date(2026, 2, 28),
    )
    row = performance(told, date(2026, 2, 28))[TEAM, date(2026, 2, 1)]
    assert (row.opening_ar, row.closing_ar, row.current_ar) == (D(1000), D(1300), D(400))
    assert (row.credit_sales, row.credit_sales_3m) == (D(1000), D(2000))
    assert row.dso_1m == D("36.40")  # 1300 * 28 / 1000
    assert row.dso_3m == D("58.50")  # 1300 * (31 + 31 + 28) / 2000
    assert row.best_possible_dso == D("11.20")  # 400 * 28 / 1000
    assert row.average_days_delinquent == D("25.20")
    assert row.cei_pct == D("0.4375")  # (1000 + 1000 - 1300) / (1000 + 1000 - 400)


def test_who_sells_nothing_on_credit_has_no_dso() -> None:
    told = books(invoice(payment_method="PUE"))
    row = performance(told, date(2026, 1, 31))[TEAM, date(2026, 1, 1)]
    assert (row.dso_1m, row.dso_3m, row.cei_pct) == (None, None, None)


def test_collected_money_is_of_one_class_each() -> None:
    receipt = {"id": "r", "invoices": []}
    told = books(
        invoice("ppd"),
        invoice("pue", payment_method="PUE"),
        cancelled(invoice("gone", payment_method="PUE"), "2026-01-12"),
        payment("p1", "2026-01-20", "400.00", "ppd"),
        payment("p2", "2026-01-20", "1160.00", "pue"),
        payment("p3", "2026-01-20", "70.00", receipts=["r"]),
        payment("p4", "2026-01-20", "8.00"),
        payment("p5", "2026-01-20", "0.90", "gone"),
        payment("p6", "2026-01-20", "99.00", payment_form="17"),
        payment("p7", "2026-01-20", "99.00", status="failed"),
        rep("rep", "2026-01-21", "400.00", "p1", of="ppd"),
        note("e", "2026-01-22", "11.00", "pue"),
        receipts=[receipt],
    )
    row = reconciliation(told)[TEAM, date(2026, 1, 1)]
    assert {name: str(amount) for name, amount in row.items()} == {
        "invoiced_pue": "1160.00",
        "invoiced_ppd": "1160.00",
        "credit_notes": "11.00",
        "rep_paid": "400.00",
        "collected": "1638.90",
        "collected_ppd": "400.00",
        "collected_pue": "1160.00",
        "receipts_not_invoiced": "70.00",
        "collected_without_cfdi": "8.90",
        "difference": "78.90",
    }


def test_a_refund_lowers_what_is_collected_in_its_own_month() -> None:
    back = [refund("2026-03-01", "100.00"), refund("2026-03-02", "5.00", status="failed")]
    rows = reconciliation(books(payment("p", "2026-01-20", "400.00", refunds=back)))
    assert rows[TEAM, date(2026, 1, 1)]["collected"] == D("400.00")
    assert rows[TEAM, date(2026, 3, 1)]["collected"] == D("-100.00")


@pytest.mark.parametrize(
    ("record", "amount"),
    [
        ({"total": None, "subtotal": "100.00", "taxes": "16.00"}, "116.00"),
        ({"total": None, "amount": 12345}, "123.45"),
        ({"total": None, "items": [{"quantity": 2, "unit_price": "10.5", "discount": 1}]}, "20.00"),
    ],
)
def test_a_payment_without_a_total_is_worth_what_its_parts_say(
    record: dict[str, Any], amount: str
) -> None:
    rows = reconciliation(books(payment("p", "2026-01-20", "0") | record))
    assert rows[TEAM, date(2026, 1, 1)]["collected"] == D(amount)
