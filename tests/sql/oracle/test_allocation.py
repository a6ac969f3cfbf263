"""Notes, payments, complements and refunds that share invoices, worked out by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from .allocation import note_shares, payment_shares, refund_shares
from .books import Books
from .evidence import Kind, events_now, tier
from .hand import IVA, at, books, cancelled, invoice, item, note, payment, refund, rep
from .iva import iva_collected
from .owed import rep_owed
from .reconciliation import reconciliation

D = Decimal
USD: dict[str, Any] = {"currency": "USD", "exchange_rate": "17"}
DEAR: dict[str, Any] = {"currency": "USD", "exchange_rate": "20"}


def shares(told: Books, key: str) -> dict[str, str]:
    """What of a note or payment falls on each invoice, in the invoice's currency."""
    found = note_shares(told) | payment_shares(told)
    return {share.invoice.key: str(share.amount) for share in found.get(key, [])}


def paid(told: Books, key: str = "i") -> list[tuple[str, str]]:
    """Day and amount of what settles an invoice, in order; refunds are negative."""
    events = events_now(told, told.cfdis[key])
    return [(str(one.day), str(one.amount)) for one in events if one.kind != Kind.NOTE]


def test_a_cancelled_invoice_leaves_its_notes_to_the_valid_ones() -> None:
    records = (
        invoice("a", total="100.00"),
        cancelled(invoice("b", total="100.00"), "2026-02-01"),
        invoice("c", "2026-01-12", "30.00"),
        cancelled(note("x", "2026-01-19", "20.00", "c"), "2026-02-01"),
        note("n", "2026-01-20", "90.00", "a", "b"),
        note("m", "2026-01-21", "100.00", "a", "c"),
    )
    assert shares(books(*records), "n") == {"a": "90.00"}
    # of a 10 are open, of c all 30, since the note of 20 was cancelled; the 60 beyond fall on what
    # was settled, which is the other 90 of a
    assert shares(books(*records), "m") == {"a": "70.00", "c": "30.00"}
    before = books(*records, as_of=date(2026, 1, 31))
    assert shares(before, "n") == {"a": "45.00", "b": "45.00"}


def test_a_note_whose_invoices_are_all_cancelled_stays_with_them() -> None:
    told = books(
        cancelled(invoice("a", total="60.00"), "2026-02-01"),
        cancelled(invoice("b", total="20.00"), "2026-02-01"),
        invoice("c", status="draft"),
        note("n", "2026-01-20", "80.00", "a", "b", "c"),
    )
    assert shares(told, "n") == {"a": "60.00", "b": "20.00"}


def test_what_a_note_has_beyond_all_that_was_open_gives_back_what_was_paid_or_nothing() -> None:
    told = books(
        invoice("a", total="60.00"),
        invoice("b", "2026-01-11", "40.00"),
        note("n", "2026-02-01", "116.00", "a", "b", taxes="16.00")
        | {"items": [item("100.00", IVA)]},
    )
    rows = iva_collected(told, "cash")
    # 60 and 40 were open; the 16 beyond are by the totals, and nothing had been collected
    assert shares(told, "n") == {"a": "69.60", "b": "46.40"}
    assert rows == {}


def test_pesos_pay_dollar_invoices_each_at_its_own_rate() -> None:
    told = books(
        invoice("a", total="100.00", **USD),
        invoice("b", "2026-01-11", "100.00", **DEAR),
        payment("p", "2026-01-20", "3700.00", "a", "b"),
    )
    assert shares(told, "p") == {"a": "100.00", "b": "100.00"}


def test_a_payment_of_several_currencies_pays_all_of_them() -> None:
    told = books(
        invoice("a", total="50.00", **USD),
        invoice("b", "2026-01-11", "500.00"),
        payment("p", "2026-01-20", "675.00", "a", "b"),
    )
    # its own currency first: 500 pesos, and 175 / 17 = 10.29 dollars
    assert shares(told, "p") == {"a": "10.29", "b": "500.00"}


def test_in_one_currency_rates_do_not_weigh() -> None:
    told = books(
        invoice("a", total="100.00", **USD),
        invoice("b", "2026-01-11", "50.00", **DEAR),
        payment("p", "2026-01-20", "30.00", "a", "b", **USD),
    )
    assert shares(told, "p") == {"a": "20.00", "b": "10.00"}


def test_what_has_no_rate_takes_no_part_in_other_money() -> None:
    rateless: dict[str, Any] = {"currency": "USD", "exchange_rate": None}
    told = books(
        invoice("a", total="100.00", **rateless),
        invoice("b", "2026-01-11", "500.00"),
        payment("p", "2026-01-20", "300.00", "a", "b"),
        payment("q", "2026-01-21", "30.00", "a", **rateless),
        payment("r", "2026-01-21", "30.00", "a"),
    )
    assert (shares(told, "p"), shares(told, "q")) == ({"b": "300.00"}, {"a": "30.00"})
    assert shares(told, "r") == {}


def test_what_comes_when_all_is_settled_falls_by_the_totals() -> None:
    told = books(
        invoice("a", total="400.00"),
        invoice("b", "2026-01-11", "200.00"),
        payment("p", "2026-01-20", "400.00", "a"),
        payment("q", "2026-01-20", "250.00", "b"),
        payment("r", "2026-01-21", "60.00", "a", "b"),
    )
    assert shares(told, "r") == {"a": "40.00", "b": "20.00"}


def test_a_refund_falls_on_the_invoices_as_its_payment_did() -> None:
    told = books(
        invoice("a", total="50.00"),
        invoice("b", "2026-01-11", "50.00"),
        invoice("c", "2026-01-12", "50.00"),
        payment(
            "p", "2026-01-20", "100.00", "a", "b", "c", refunds=[refund("2026-02-01", "10.00")]
        ),
    )
    back = refund_shares(told, told.collected["p"])
    assert {key: str(one.amount) for key, (one,) in back.items()} == {
        "a": "3.34",
        "b": "3.33",
        "c": "3.33",
    }


def test_a_refunded_payment_that_lists_none_went_whole() -> None:
    told = books(invoice(), payment("p", "2026-01-20", "400.00", "i", status="refunded"))
    assert paid(told) == [("2026-01-20", "400.00"), ("2026-01-20", "-400.00")]
    assert reconciliation(told)["team_a", date(2026, 1, 1)]["collected"] == 0
    pending = [refund("2026-02-01", "400.00", "pending")]
    listed = payment("p", "2026-01-20", "400.00", "i", status="refunded", refunds=pending)
    assert paid(books(invoice(), listed)) == [("2026-01-20", "400.00")]


def test_payments_of_one_day_count_by_time_then_by_id() -> None:
    nine, six = at("2026-02-01", "09:00:00"), at("2026-02-01", "18:00:00")
    told = books(
        invoice(),
        payment("a", "2026-02-01", "1.00", "i", succeeded_at=six),
        payment("c", "2026-02-01", "2.00", "i", succeeded_at=nine, refunds=[]),
        payment("b", "2026-02-01", "3.00", "i", succeeded_at=nine * 1000),
    )
    assert [amount for _, amount in paid(told)] == ["3.00", "2.00", "1.00"]


@pytest.mark.parametrize(
    ("total", "evidence", "found"),
    [
        ("880.00", 2, [("2026-01-31", "580.00")]),
        ("0", 2, [("2026-01-31", "580.00")]),
        ("800.00", 3, [("2026-01-31", "527.27"), ("2026-01-31", "52.73")]),
    ],
)
def test_a_complement_of_several_is_evidence_when_it_is_what_its_payments_paid(
    total: str, evidence: int, found: list[tuple[str, str]]
) -> None:
    told = books(
        invoice("a"),
        invoice("b", "2026-01-11", "600.00"),
        payment("p", "2026-01-31", "880.00", "a", "b"),
        rep("r", "2026-02-03", total, "p", invoices=["a", "b"]),
    )
    assert tier(told, told.cfdis["a"]) == tier(told, told.cfdis["b"]) == evidence
    assert paid(told, "a") == found
    # complements owed split it like the payment: 800 * 580 / 880 = 527.27
    covered = {key[2]: row.rep_amount for key, row in rep_owed(told).items()}
    parts = ("527.27", "272.73") if evidence == 3 else ("580.00", "300.00")
    assert covered == dict(zip("ab", map(D, parts), strict=True))


def test_a_complement_of_several_alone_is_no_evidence() -> None:
    told = books(invoice("a"), invoice("b"), rep("r", "2026-02-03", "500.00", invoices=["a", "b"]))
    assert (tier(told, told.cfdis["a"]), paid(told, "a")) == (None, [])


def test_a_complement_of_several_payments_counts_on_the_day_of_each() -> None:
    records = (
        invoice(),
        payment("p", "2026-01-31", "30.00", "i"),
        payment("q", "2026-02-01", "20.00"),
        payment("f", "2026-02-01", "20.00", "i", status="failed"),
    )
    named = rep("r", "2026-02-03", "0", "p", "f", of="i", currency="XXX", exchange_rate=None)
    assert paid(books(*records, named)) == [("2026-01-31", "30.00")]
    # q names the complement, and pays no invoice that it names: p alone does
    both = records[0], records[1], payment("q", "2026-02-01", "20.00", "i", "r")
    assert paid(books(*both, named)) == [("2026-01-31", "30.00"), ("2026-02-01", "20.00")]
    split = rep("r", "2026-02-03", "60.01", "p", "q")
    found = paid(books(*both, split))
    # 50.00 of it are of the payments, 10.01 of one that nobody recorded
    assert found == [("2026-01-31", "30.00"), ("2026-02-01", "20.00"), ("2026-02-01", "10.01")]


def test_dollars_without_a_rate_tell_nothing_of_pesos() -> None:
    rateless: dict[str, Any] = {"currency": "USD", "exchange_rate": None}
    told = books(
        invoice(),
        payment("p", "2026-01-31", "30.00", "i"),
        payment("q", "2026-01-31", "10.00", "i", **rateless),
        rep("r", "2026-02-03", "0", "q", currency="XXX", exchange_rate=None),
    )
    assert (tier(told, told.cfdis["i"]), paid(told)) == (3, [("2026-01-31", "30.00")])


def test_a_complement_that_tells_no_amount_is_no_evidence() -> None:
    told = books(invoice(), payment("p", "2026-01-31", "30.00", "i"), rep("r", "2026-02-03", "0"))
    assert (tier(told, told.cfdis["i"]), paid(told)) == (3, [("2026-01-31", "30.00")])


def test_what_covers_a_payment_has_a_day_of_issue() -> None:
    rows = rep_owed(
        books(
            invoice(),
            payment("p", "2026-01-20", "400.00", "i"),
            payment("q", "2026-01-25", "300.00", "i"),
            rep("r", "2026-02-06", "700.00", "q"),
            payment("c", "2026-01-26", "400.00", "i", refunds=[refund("2026-01-27", "399.99")]),
        )
    )
    # a cent is left of c: that needs no complement
    assert {key[1]: (row.rep_status, row.rep_issue_date) for key, row in rows.items()} == {
        "p": ("issued_late", date(2026, 2, 6)),
        "q": ("issued_late", date(2026, 2, 6)),
    }
