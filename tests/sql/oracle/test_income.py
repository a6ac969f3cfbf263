"""Income on a cash basis, worked out by hand: net of taxes, in the month in which money came."""

from dataclasses import replace
from typing import Any

import pytest

from .books import Books
from .hand import IVA, Record, books, cancelled, cfdi, invoice, item, note, payment, refund, rep
from .income import income_collected

IEPS = {"type": "IEPS", "rate": "0.08", "factor": "Tasa", "withholding": False}


def told(*records: Record, regime: str = "612") -> Books:
    return replace(books(*records), record={"tax_system": regime})


def income(found: Books, name: str = "income_collected") -> dict[int, str]:
    """Month: amount, where there is any."""
    rows = income_collected(found)
    return {key[1].month: str(row[name]) for key, row in sorted(rows.items()) if row[name]}


def less(day: str, **more: Any) -> Record:
    """A credit note of 100.00 and 16.00 IVA on the invoice."""
    parts = {"subtotal": "100.00", "taxes": "16.00", "items": [item("100.00", IVA)]}
    return note("e", day, "116.00", "i", **{**parts, **more})


def test_instalments_add_up_to_the_net_amount() -> None:
    found = told(
        invoice(),
        rep("p1", "2026-02-01", "386.67"),
        rep("p2", "2026-03-01", "386.67"),
        rep("p3", "2026-04-01", "386.66"),
    )
    # 1,000 * 386.67 / 1,160 = 333.336; 1,000 * 773.34 / 1,160 = 666.672
    assert income(found) == {2: "333.34", 3: "333.33", 4: "333.33"}
    assert income(found, "income_ppd") == income(found)
    assert income(found, "income_rep_api_mxn") == income(found)
    assert income(found, "invoices_count") == {2: "1", 3: "1", 4: "1"}


@pytest.mark.parametrize("regime", ["612", "625", "626"])
def test_regimes_that_count_income_when_it_is_collected(regime: str) -> None:
    assert income(told(invoice(), rep("p", "2026-02-01", "1160.00"), regime=regime))


@pytest.mark.parametrize("regime", ["601", "621", "unknown"])
def test_other_regimes_count_it_when_it_is_invoiced(regime: str) -> None:
    found = told(invoice(), rep("p", "2026-02-01", "1160.00"), regime=regime)
    assert income_collected(found) == {}


def test_what_nobody_paid_is_no_income() -> None:
    assert income(told(invoice(), invoice("j", payment_method="PUE"))) == {}


def test_what_is_said_to_be_paid_at_once_counts_when_it_is_paid() -> None:
    found = told(invoice(payment_method="PUE"), payment("p", "2026-03-05", "1160.00", "i"))
    assert income(found, "income_pue") == {3: "1000.00"}
    assert income(found, "income_payment_mxn") == {3: "1000.00"}


def test_sat_prefills_what_is_said_to_be_paid_at_once_when_it_is_issued() -> None:
    paid = payment("p", "2026-03-05", "1160.00", "i")
    found = told(invoice(payment_method="PUE"), paid, less("2026-04-01"), invoice("j"))
    rows = income_collected(found, "sat_prefill")
    assert {key[1].month: row["income_collected"] for key, row in rows.items()} == {
        1: 1000,
        4: -100,
    }
    assert income(found) == {3: "1000.00", 4: "-100.00"}


def test_what_the_client_withheld_is_income_too() -> None:
    # 953.33 came, and the 100.00 and 106.67 withheld are creditable tax: all of the 1,000.00
    fees = invoice(total="953.33", withholding_taxes="206.67")
    found = told(fees, rep("p1", "2026-02-01", "476.66"), rep("p2", "2026-03-01", "476.67"))
    assert income(found) == {2: "499.99", 3: "500.01"}  # 1,000 * 476.66 / 953.33 = 499.9948


def test_excise_is_no_income() -> None:
    both = [item("1000.00", IVA | {"base": "1080.00"}, IEPS)]
    beer = invoice(total="1252.80", taxes="252.80", items=both)
    assert income(told(beer, rep("p", "2026-02-01", "626.40"))) == {2: "500.00"}


def test_more_money_than_the_invoice_is_no_more_income() -> None:
    refunded = payment("p", "2026-02-05", "1200.00", "i", refunds=[refund("2026-03-01", "620.00")])
    found = told(invoice(payment_method="PUE"), refunded)
    assert income(found) == {2: "1000.00", 3: "-500.00"}  # 580.00 of 1,160.00 are left


def test_a_cancelled_complement_brought_nothing() -> None:
    wrong = cancelled(rep("p1", "2026-02-01", "500.00"), "2026-02-20")
    assert income(told(invoice(), wrong, rep("p2", "2026-03-01", "580.00"))) == {3: "500.00"}


def test_a_note_on_an_unpaid_invoice_gives_nothing_back() -> None:
    assert income(told(invoice(), less("2026-02-01"), rep("p", "2026-03-01", "1044.00"))) == {
        3: "900.00"
    }


def test_a_note_on_a_paid_invoice_gives_back_in_its_own_month() -> None:
    found = told(invoice(), rep("p", "2026-02-01", "1160.00"), less("2026-03-01"))
    assert income(found) == {2: "1000.00", 3: "-100.00"}
    assert income(found, "credit_notes") == {3: "100.00"}
    assert income(found, "invoices_count") == {2: "1"}


def test_a_note_gives_back_no_more_than_goes_beyond_what_is_open() -> None:
    found = told(invoice(), rep("p", "2026-02-01", "1102.00"), less("2026-03-01"))
    assert income(found) == {2: "950.00", 3: "-50.00"}  # 58.00 of the 116.00 were open


WITH_EXCISE = [item("100.00", IVA | {"base": "108.00"}, IEPS)]


@pytest.mark.parametrize(
    "more", [{"items": []}, {"items": [], "taxes": "0"}, {"items": WITH_EXCISE, "taxes": "25.28"}]
)
def test_of_a_note_its_own_net_amount_comes_back_whatever_its_lines_say(
    more: dict[str, Any],
) -> None:
    paid = rep("p", "2026-02-01", "1160.00")
    assert income(told(invoice(), paid, less("2026-03-01", **more)))[3] == "-100.00"


def test_a_note_without_relation_lowers_nothing_that_was_collected() -> None:
    lonely = cfdi("e", "E", "2026-03-01", "116.00", subtotal="100.00", taxes="16.00")
    assert income(told(lonely)) == {}


def test_what_of_a_note_is_beyond_everything_open_comes_back() -> None:
    other: dict[str, Any] = {"total": "116.00", "subtotal": "100.00", "taxes": "16.00"}
    found = told(
        invoice("a", **other),
        invoice("b", day="2026-01-11", **other),
        payment("p", "2026-02-01", "58.00", "a"),
        note("e", "2026-03-01", "232.00", "a", "b", subtotal="200.00", taxes="32.00"),
    )
    # open 58 and 116: 174 of the 232 only lower what is owed, 58 give back 58 * 200 / 232
    assert income(found) == {2: "50.00", 3: "-50.00"}


def test_foreign_income_is_worth_what_the_day_of_payment_says() -> None:
    foreign: dict[str, Any] = {"currency": "USD", "exchange_rate": "17.00"}
    paid = rep("p", "2026-02-01", "580.00", currency="USD", exchange_rate="18.50")
    found = told(invoice(**foreign), paid)
    assert income(found) == {2: "500.00"}
    assert income(found, "income_collected_mxn") == {2: "9250.00"}


def test_yen_have_no_cents() -> None:
    yen: dict[str, Any] = {"currency": "JPY", "exchange_rate": "0.1"}
    of_yen = invoice(total="1001", subtotal="863", taxes="138", items=[item("863", IVA)]) | yen
    found = told(of_yen, rep("p", "2026-02-01", "500", **yen))
    assert income(found) == {2: "431"}  # 863 * 500 / 1,001 = 431.07
