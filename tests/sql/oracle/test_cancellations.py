"""Cancellations and receipts, worked out by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from .cancellations import Finding, findings
from .hand import TEAM, at, books, cancelled, invoice, rep, uuid
from .receipts import estimates, state
from .working_days import is_working_day, working_days_later

D = Decimal
COMPANY, PERSON = {"tax_id": "EKU9003173C9"}, {"tax_id": "XIQB891116QE4"}


def asked(day: str, status: str = "requested", **more: Any) -> dict[str, Any]:
    told = {"cancellation_status": status, "requested_at": at(day), "motive": "02", **more}
    return {"cancellation": told}


def found(*records: dict[str, Any], as_of: date = date(2026, 12, 31)) -> dict[str, Finding]:
    rows = findings(books(*records, as_of=as_of, record=COMPANY))
    return {f"{key} {problem}": row for (_, key, problem), row in rows.items()}


@pytest.mark.parametrize(
    "holiday",
    [
        "2026-01-01",
        "2026-02-02",
        "2026-03-16",
        "2026-05-05",
        "2026-11-16",
        "2024-10-01",
        "2026-11-22",
    ],
)
def test_holidays_are_no_working_days(holiday: str) -> None:
    assert not is_working_day(date.fromisoformat(holiday))


def test_three_working_days_leave_out_weekends_and_holidays() -> None:
    thursday = date(2026, 11, 12)
    assert working_days_later(thursday, 3) == date(2026, 11, 18)  # Fri 13, Tue 17, Wed 18


def test_a_request_waits_three_working_days_and_is_overdue_then() -> None:
    record = invoice(day="2026-11-02", **asked("2026-11-12"))
    assert list(found(record, as_of=date(2026, 11, 18))) == ["i acceptance_pending"]
    row = found(record, as_of=date(2026, 11, 19))["i acceptance_overdue"]
    assert row == (True, date(2026, 11, 18), date(2027, 3, 31), 132)
    assert found(record, as_of=date(2026, 11, 11)) == {}


def test_a_refusal_stands_from_the_day_it_was_told() -> None:
    told = asked("2026-11-12", "rejected", last_checked=at("2026-11-17"))
    record = invoice(day="2026-11-02", **told)
    assert list(found(record, as_of=date(2026, 11, 16))) == ["i acceptance_pending"]
    assert list(found(record, as_of=date(2026, 11, 17))) == ["i rejected"]


@pytest.mark.parametrize(
    ("record", "is_required"),
    [
        (invoice(), True),
        (invoice(total="1000.00"), False),
        (invoice(total="1000.00", currency="USD", exchange_rate="17"), True),
        (invoice(client={"id": "c", "tax_id": "XAXX010101000"}), False),
        (invoice(day="2026-11-11"), False),  # the day before
        (rep("i", "2026-11-02", "100.00"), True),
        (rep("i", "2026-11-11", "100.00"), None),
    ],
)
def test_who_has_to_accept(record: dict[str, Any], is_required: bool | None) -> None:
    row = found(record | asked("2026-11-12"), as_of=date(2026, 11, 13))["i acceptance_pending"]
    assert row.acceptance_required is is_required


def test_individuals_have_a_month_more_to_cancel() -> None:
    rows = findings(books(invoice(**asked("2026-11-12")), record=PERSON))
    assert [row.cancel_deadline for row in rows.values()] == [date(2027, 4, 30)]


def test_motive_01_wants_a_replacement() -> None:
    old = cancelled(invoice("old"), "2026-02-01", motive="01", substitution_uuid=uuid("new"))
    new = invoice("new", day="2026-02-01")
    assert list(found(old)) == ["old replacement_missing"]
    assert found(old, new) == {}
    assert "old replacement_missing" in found(old, cancelled(new, "2026-03-01"))


def test_an_invoice_and_its_replacement_both_valid_count_twice() -> None:
    related = [{"relationship": "04", "documents": [uuid("old")]}]
    assert list(found(invoice("old"), invoice("new", related_documents=related))) == [
        "old both_valid"
    ]


def receipt(key: str, day: str, total: str, **more: Any) -> dict[str, Any]:
    month = {"2026-01": "2026-01-31", "2026-02": "2026-02-28", "2026-03": "2026-03-31"}[day[:7]]
    return {
        "id": key,
        "status": "pending",
        "currency": "MXN",
        "total": total,
        "subtotal": total,
        "taxes": "0",
        "created_at": at(day),
        "valid_until": at(month, "23:59:59"),
        **more,
    }


def test_what_a_receipt_became() -> None:
    whole: dict[str, Any] = {"global": {"periodicity": "04", "months": "01", "year": 2026}}
    told = books(invoice("named"), invoice("all", **whole), as_of=date(2026, 2, 1))
    states = {
        "self_invoiced": receipt("a", "2026-01-02", "1", invoices=["named"]),
        "global": receipt("b", "2026-01-02", "1", invoices=["all"]),
        "cancelled": receipt("c", "2026-01-02", "1", status="canceled"),
        "expired": receipt("d", "2026-01-31", "1", status="expired"),
        "open": receipt("e", "2026-02-01", "1", status="expired"),
    }
    assert {name: state(told, one) for name, one in states.items()} == {
        name: name for name in states
    }


def test_the_global_invoice_is_what_clients_usually_leave() -> None:
    named = [invoice("named", "2026-01-05", "0"), invoice("named2", "2026-02-05", "0")]
    receipts = [
        receipt("a", "2026-01-02", "100.00", invoices=["named"]),
        receipt("b", "2026-01-02", "300.00", status="expired"),
        receipt("c", "2026-02-02", "100.00", invoices=["named2"]),
        receipt("d", "2026-02-02", "50.00", status="cancelled"),
        receipt("e", "2026-02-02", "100.00", status="expired"),
        receipt("f", "2026-03-02", "116.00", subtotal="100.00", taxes="16.00"),
        receipt("g", "2026-03-03", "232.00", subtotal="200.00", taxes="32.00"),
    ]
    told = books(*named, receipts=receipts, as_of=date(2026, 3, 10))
    row = estimates(told)[TEAM, date(2026, 3, 1)]
    assert (row.pending_count, row.pending_amount) == (2, D("348.00"))
    assert row.self_invoice_rate == D("0.333333")  # 200 of 600
    assert row.self_invoice_rate_count == D("0.5")  # 2 of 4
    assert row.estimated_global_amount == D("232.00")  # 348 * 0.666667 = 232.000116
    assert (row.estimated_net, row.estimated_taxes) == (D("200.00"), D("32.00"))
    assert (row.low, row.high) == (D("174.00"), D("261.00"))  # rates 1/2 and 1/4


def test_without_a_past_there_is_no_estimate() -> None:
    told = books(receipts=[receipt("a", "2026-03-02", "100.00")], as_of=date(2026, 3, 10))
    row = estimates(told)[TEAM, date(2026, 3, 1)]
    assert (row.pending_amount, row.estimated_global_amount, row.low) == (D("100.00"), None, None)
