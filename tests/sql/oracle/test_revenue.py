"""Revenue, worked out by hand: what counts, when, in which currency."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from .hand import TEAM, at, books, cancelled, cfdi, invoice, note, payment
from .revenue import revenue
from .tables import Measures, rolled_up

JANUARY = (TEAM, date(2026, 1, 1), "client_1", "MXN")
FEBRUARY = (TEAM, date(2026, 2, 1), "client_1", "MXN")


def of_january(*records: dict[str, Any]) -> Measures:
    return revenue(books(*records))[JANUARY]


def test_revenue_is_net_of_discount_and_of_tax() -> None:
    row = of_january(invoice(total="1044.00", discount="100.00", taxes="144.00"))
    assert row["invoiced_revenue"] == Decimal("900.00")
    assert row["gross_invoiced"] == Decimal("1044.00")
    assert row["invoices_count"] == 1


def test_a_credit_note_lowers_revenue_in_its_own_month() -> None:
    rows = revenue(books(invoice(), note("e", "2026-02-03", "116.00", "i", subtotal="100.00")))
    assert rows[JANUARY]["invoiced_revenue"] == Decimal("1000.00")
    assert rows[FEBRUARY]["invoiced_revenue"] == Decimal("-100.00")
    assert rows[FEBRUARY]["gross_invoiced"] == Decimal("-116.00")
    assert rows[FEBRUARY]["credit_notes_net"] == Decimal("100.00")


def test_complements_and_transfers_are_no_revenue() -> None:
    others = (cfdi(kind, kind, "2026-01-11", "500.00", subtotal="500.00") for kind in "PT")
    assert of_january(invoice(), *others)["gross_invoiced"] == Decimal("1160.00")


@pytest.mark.parametrize("more", [{"livemode": False}, {"status": "pending"}, {"status": "draft"}])
def test_what_is_a_test_or_not_stamped_is_no_revenue(more: dict[str, Any]) -> None:
    assert revenue(books(invoice(**more))) == {}


def test_a_cancelled_invoice_is_not_revenue_and_a_cancellation_asked_for_is() -> None:
    asked: dict[str, Any] = {
        "cancellation": {"cancellation_status": "requested", "requested_at": at("2026-01-12")}
    }
    row = of_january(
        cancelled(invoice("a"), "2026-01-20"),
        cancelled(invoice("b"), "2026-02-01"),
        invoice("c", **asked),
    )
    assert row["invoiced_revenue"] == Decimal("1000.00")
    assert row["cancelled_net"] == Decimal("2000.00")
    assert row["cancelled_later_net"] == Decimal("1000.00")


def test_an_invoice_was_revenue_until_the_day_it_was_cancelled() -> None:
    record = cancelled(invoice(), "2026-02-01")
    before, after = (books(record, as_of=date(2026, *day)) for day in ((1, 31), (2, 1)))
    assert revenue(before)[JANUARY]["income_net"] == 1000
    assert revenue(after)[JANUARY]["income_net"] == 0


def test_a_foreign_invoice_counts_at_its_own_rate_and_one_without_a_rate_is_counted() -> None:
    foreign: dict[str, Any] = {"currency": "USD", "subtotal": "100.03", "total": "116.03"}
    rows = revenue(
        books(
            invoice("a", exchange_rate="17.452134", **foreign),
            invoice("b", exchange_rate=None, **foreign),
        )
    )
    row = rows[TEAM, date(2026, 1, 1), "client_1", "USD"]
    assert row["income_net"] == Decimal("200.06")
    assert row["income_net_mxn"] == Decimal("1745.74")  # 100.03 * 17.452134 = 1745.7369...
    assert row["gross_invoiced_mxn"] == Decimal("2024.97")  # 116.03 * 17.452134 = 2024.9711...
    assert row["fx_missing_count"] == 1


def test_pesos_count_once_whatever_their_rate_says() -> None:
    assert of_january(invoice(exchange_rate="17"))["income_net_mxn"] == Decimal("1000.00")


def test_the_month_is_that_of_the_team_and_not_of_greenwich() -> None:
    late = at("2026-01-31", "23:59:59")
    assert JANUARY in revenue(books(invoice(date=late * 1000)))
    assert FEBRUARY in revenue(books(invoice(date=(late + 1) * 1000)))


def test_an_invoice_without_an_issue_date_counts_when_it_was_stamped() -> None:
    stamped: dict[str, Any] = {"date": None, "stamp": {"stamp_at": at("2026-02-01")}}
    assert list(revenue(books(invoice(**stamped)))) == [FEBRUARY]


def test_rows_add_up_over_what_is_left_out_of_the_key() -> None:
    other = invoice("b", client={"id": "client_2"})
    table = revenue(books(invoice("a"), other, payment("p", "2026-01-10", "1")))
    assert rolled_up(table, 0, 1)[JANUARY[:2]]["invoiced_revenue"] == Decimal("2000.00")
