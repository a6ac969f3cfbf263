"""IVA and withholdings, worked out by hand: split, scaling, two clocks, parts that add up."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from .books import Books
from .collecting import Basis
from .hand import IVA, books, cancelled, cfdi, invoice, item, note, paid_text, payment, refund, rep
from .iva import iva_billed, iva_collected, iva_pending
from .tables import Measures
from .withholdings import effective_rate, withheld_billed, withheld_collected

D = Decimal
EIGHT = IVA | {"rate": 0.08}
ZERO_RATE = IVA | {"rate": 0}
EXEMPT = IVA | {"rate": 0, "factor": "Exento"}
ISR = {"type": "ISR", "rate": "0.10", "factor": "Tasa", "withholding": True}
IVA_WITHHELD = {"type": "iva", "rate": "0.106667", "factor": "Tasa", "withholding": True}


def by_month(table: Mapping[Any, Measures], name: str, label: str = "16") -> dict[int, str]:
    """Month: amount, of one class."""
    return {key[1].month: str(row[name]) for key, row in sorted(table.items()) if key[2] == label}


def collected(told: Books, basis: Basis = "cash", label: str = "16") -> dict[int, str]:
    return by_month(iva_collected(told, basis), "iva_collected", label)


def test_rates_exemption_and_what_is_not_subject_are_kept_apart() -> None:
    items = [
        item("1000.00", IVA),
        item("200.00", EIGHT),
        item("300.00", ZERO_RATE),
        item("400.00", EXEMPT),
        item("500.00"),
    ]
    rows = iva_billed(books(invoice(taxes="176.00", total="2576.00", items=items)))
    assert {key[2]: (row["base_billed"], row["iva_billed"]) for key, row in rows.items()} == {
        "16": (D("1000.00"), D("160.00")),
        "8": (D("200.00"), D("16.00")),
        "0": (D("300.00"), D(0)),
        "exempt": (D("400.00"), D(0)),
        "not_subject": (D("500.00"), D(0)),
    }


def test_a_document_tax_is_the_rounding_of_the_sum_of_its_lines() -> None:
    items = [item("0.33", IVA), item("0.33", IVA), item("0.33", IVA)]
    rows = iva_billed(books(invoice(taxes="0.16", items=items)))  # 3 * 0.0528 = 0.1584
    assert by_month(rows, "iva_billed") == {1: "0.16"}


def test_the_split_is_held_to_the_header() -> None:
    items = [item("100.00", IVA), item("100.00", EIGHT)]
    rows = iva_billed(books(invoice(taxes="24.01", items=items)))
    # 24.01 * 16/24 = 16.00666, 24.01 * 8/24 = 8.00333: the cent goes to the larger fraction
    assert by_month(rows, "iva_billed", "16") == {1: "16.01"}
    assert by_month(rows, "iva_billed", "8") == {1: "8.00"}


def test_a_credit_note_lowers_what_is_billed_in_its_month() -> None:
    less = note("e", "2026-02-01", "116.00", "i", taxes="16.00", items=[item("100.00", IVA)])
    rows = iva_billed(books(invoice(), less))
    assert by_month(rows, "iva_billed") == {1: "160.00", 2: "-16.00"}


def test_instalments_add_up_to_the_tax_of_the_invoice() -> None:
    told = books(
        invoice(),
        rep("p1", "2026-02-01", "386.67"),
        rep("p2", "2026-03-01", "386.67"),
        rep("p3", "2026-04-01", "386.66"),
    )
    assert collected(told) == {2: "53.33", 3: "53.34", 4: "53.33"}
    assert collected(told, "sat_prefill") == collected(told)


def test_what_a_complement_tells_of_tax_is_taken_as_it_is() -> None:
    tax = (
        '<pago20:TrasladoDR BaseDR="333.34" ImpuestoDR="002" TipoFactorDR="Tasa" '
        'TasaOCuotaDR="0.160000" ImporteDR="53.34"/>'
    )
    text = paid_text("2026-02-01T12:00:00", "i", "386.67", tax)
    rows = iva_collected(
        books(invoice(), rep("p", "2026-02-01", "386.67", complements=text)), "cash"
    )
    assert by_month(rows, "iva_collected") == {2: "53.34"}
    assert by_month(rows, "iva_estimated_mxn") == {2: "0"}


def test_each_complement_tells_what_it_can() -> None:
    text = paid_text("2026-02-01T12:00:00", "i", "386.67")
    told = books(
        invoice(),
        rep("p", "2026-03-01", "386.67", complements=text),
        rep("q", "2026-04-01", "100.00"),
    )
    assert collected(told) == {2: "53.33", 4: "13.80"}  # (386.67 + 100) * 160 / 1160 = 67.13


def test_what_is_paid_at_once_has_two_clocks() -> None:
    told = books(invoice(payment_method="PUE"), payment("pay", "2026-03-05", "1160.00", "i"))
    assert collected(told, "sat_prefill") == {1: "160.00"}
    assert collected(told, "cash") == {3: "160.00"}


def test_money_that_came_before_the_invoice_was_collected_when_it_came() -> None:
    paid = payment("pay", "2026-01-31", "1160.00", "i")
    told = books(invoice(day="2026-02-03", payment_method="PUE"), paid)
    assert collected(told, "sat_prefill") == {2: "160.00"}
    assert collected(told, "cash") == {1: "160.00"}


def test_what_nobody_paid_is_prefilled_and_not_collected() -> None:
    told = books(invoice(payment_method="PUE"))
    assert collected(told, "sat_prefill") == {1: "160.00"}
    assert collected(told, "cash") == {}


def test_a_refund_gives_tax_back_in_its_own_month() -> None:
    paid = payment("pay", "2026-02-05", "1160.00", "i", refunds=[refund("2026-03-01", "580.00")])
    told = books(invoice(payment_method="PUE"), paid | {"status": "refunded"})
    assert collected(told, "cash") == {2: "160.00", 3: "-80.00"}


def test_more_money_than_the_invoice_is_no_more_tax() -> None:
    paid = payment("pay", "2026-02-05", "1200.00", "i")
    assert collected(books(invoice(payment_method="PUE"), paid)) == {2: "160.00"}


def less(
    day: str, total: str = "116.00", tax: str = "16.00", net: str = "100.00"
) -> dict[str, Any]:
    return note("e", day, total, "i", taxes=tax, items=[item(net, IVA)])


def test_a_note_on_an_unpaid_invoice_only_lowers_what_is_pending() -> None:
    told = books(invoice(), less("2026-02-01"), rep("p", "2026-03-01", "1044.00"))
    assert collected(told) == {3: "144.00"}


def test_a_note_on_a_paid_invoice_gives_tax_back() -> None:
    told = books(invoice(), rep("p", "2026-02-01", "1160.00"), less("2026-03-01"))
    assert collected(told) == {2: "160.00", 3: "-16.00"}


def test_a_note_gives_back_no_more_than_goes_beyond_what_is_open() -> None:
    told = books(invoice(), rep("p", "2026-02-01", "1102.00"), less("2026-03-01"))
    # 58.00 were open: the other 58.00 of 116.00 had been collected
    assert collected(told) == {2: "152.00", 3: "-8.00"}


def test_what_of_a_note_is_beyond_everything_open_gives_tax_back() -> None:
    other: dict[str, Any] = {"total": "116.00", "subtotal": "100.00", "taxes": "16.00"}
    small = [item("100.00", IVA)]
    told = books(
        invoice("a", items=small, **other),
        invoice("b", day="2026-01-11", items=small, **other),
        payment("p", "2026-02-01", "58.00", "a"),
        note("e", "2026-03-01", "232.00", "a", "b", taxes="32.00", items=[item("200.00", IVA)]),
    )
    # open 58 and 116: 174 of the 232 only lower what is pending, 58 give back 58 * 32 / 232
    assert collected(told) == {2: "8.00", 3: "-8.00"}


def test_sat_prefills_a_note_on_what_was_paid_at_once_in_full() -> None:
    told = books(invoice(payment_method="PUE"), less("2026-03-01"))
    assert collected(told, "sat_prefill") == {1: "160.00", 3: "-16.00"}
    assert collected(told, "cash") == {}


def test_a_note_without_relation_lowers_nothing_that_was_collected() -> None:
    lonely = cfdi("e", "E", "2026-03-01", "116.00", taxes="16.00", items=[item("100.00", IVA)])
    assert collected(books(lonely)) == {}
    assert collected(books(lonely), "sat_prefill") == {}


def test_foreign_tax_is_worth_what_the_day_of_payment_says() -> None:
    foreign: dict[str, Any] = {"currency": "USD", "exchange_rate": "17.00"}
    paid = rep("p", "2026-02-01", "580.00", currency="USD", exchange_rate="18.50")
    rows = iva_collected(books(invoice(**foreign), paid), "cash")
    assert by_month(rows, "iva_collected") == {2: "80.00"}
    assert by_month(rows, "iva_collected_mxn") == {2: "1480.00"}


def test_pesos_for_an_invoice_in_dollars_are_worth_what_they_are() -> None:
    foreign: dict[str, Any] = {"currency": "USD", "exchange_rate": "20"}
    paid = payment("pay", "2026-02-01", "11600.00", "i")  # 580.00 dollars
    for records in ((paid,), (paid, rep("p", "2026-02-02", "11600.00", "pay"))):
        rows = iva_collected(books(invoice(**foreign), *records), "cash")
        assert by_month(rows, "iva_collected") == {2: "80.00"}
        assert by_month(rows, "iva_collected_mxn") == {2: "1600.00"}


def test_a_cancelled_complement_collected_nothing_as_things_stand() -> None:
    wrong = cancelled(rep("p1", "2026-02-01", "500.00"), "2026-02-20")
    told = books(invoice(), wrong, rep("p2", "2026-03-01", "580.00"))
    assert collected(told) == {3: "80.00"}


def test_pending_tax_rolls_forward_as_it_looked_at_the_time() -> None:
    told = books(
        invoice(),
        rep("p", "2026-02-05", "580.00"),
        cancelled(rep("x", "2026-02-06", "290.00"), "2026-03-02"),
        less("2026-03-10"),
        cancelled(invoice("b", day="2026-01-20"), "2026-02-01"),
        as_of=date(2026, 3, 31),
    )
    rows = iva_pending(told)
    names = ("opening", "billed_ppd", "collected", "credit_notes", "cancelled", "closing")
    assert {k[1].month: [str(row[name]) for name in names] for k, row in rows.items()} == {
        1: ["0", "320.00", "0", "0", "0", "320.00"],
        2: ["320.00", "0", "120.00", "0", "160.00", "40.00"],
        3: ["40.00", "0", "-40.00", "16.00", "0", "64.00"],
    }


def fees(**more: Any) -> dict[str, Any]:
    """Professional fees of 1,000.00: 160.00 IVA, 100.00 ISR and 106.67 IVA withheld."""
    items = [item("1000.00", IVA, ISR, IVA_WITHHELD)]
    return invoice(total="953.33", withholding_taxes="206.67", items=items, **more)


def test_withholdings_are_billed_at_issue_and_collected_with_the_money() -> None:
    told = books(fees(), rep("p1", "2026-02-01", "476.66"), rep("p2", "2026-03-01", "476.67"))
    billed, came = withheld_billed(told), withheld_collected(told)
    assert {key[2:4]: str(row["withheld"]) for key, row in billed.items()} == {
        (date(2026, 1, 1), "ISR"): "100.00",
        (date(2026, 1, 1), "IVA"): "106.67",
    }
    # 100 * 476.66 / 953.33 = 49.9995; 106.67 * 476.66 / 953.33 = 53.3344
    assert {key[2:4]: str(row["withheld"]) for key, row in came.items()} == {
        (date(2026, 2, 1), "ISR"): "50.00",
        (date(2026, 2, 1), "IVA"): "53.33",
        (date(2026, 3, 1), "ISR"): "50.00",
        (date(2026, 3, 1), "IVA"): "53.34",
    }


def test_the_effective_rate_is_what_was_withheld_of_the_base() -> None:
    rows = withheld_billed(books(fees()))
    assert sorted(str(effective_rate(row)) for row in rows.values()) == ["0.100000", "0.106670"]


def test_a_price_that_includes_excise_and_iva_holds_one_on_the_other() -> None:
    inside = {"base": None, "inclusive": True}
    excise = {"type": "IEPS", "rate": "0.08", "factor": "Tasa", "base": None}
    fee = {"type": "IEPS", "rate": "1.5737", "factor": "Cuota", "base": None}
    items = [
        item("125.28", IVA | inside, excise | inside),  # 100 + 8 of IEPS + 17.28 of IVA
        item("117.28", IVA | inside, excise),  # 100 + 17.28 of IVA, the IEPS on top
        item("108.00", excise | inside),
        item("50.00", IVA | {"base": None}, fee, quantity=3),  # 150 + 4.7211 of IEPS
    ]
    rows = iva_billed(books(invoice(taxes=None, items=items)))
    assert {
        key[2]: (str(row["base_billed"]), str(row["iva_billed"])) for key, row in rows.items()
    } == {
        "16": ("370.72", "59.32"),  # 108 + 108 + 154.7211
        "not_subject": ("100.00", "0"),
    }
