"""Invoices, complements and payments that a sandbox account's own life does not bring.

The days are those of the last months before the account's end, so that month ends have a past.
"""

from typing import Any

from .edge_cases import edge_cases
from .hand import (
    IVA,
    Record,
    at,
    cancelled,
    cfdi,
    invoice,
    item,
    note,
    paid_text,
    payment,
    refund,
    rep,
    uuid,
)
from .settlement_cases import settlement_cases

IEPS = {"type": "IEPS", "rate": "0.08", "factor": "Tasa", "withholding": False}
USD: dict[str, Any] = {"currency": "USD", "exchange_rate": "17.333333"}
_TRANSFERRED = (
    '<pago20:TrasladoDR BaseDR="{base}" ImpuestoDR="002" TipoFactorDR="Tasa" '
    'TasaOCuotaDR="0.160000" ImporteDR="{tax}"/>'
)


def _notes_and_payments_of_several() -> list[Record]:
    return [
        invoice("s1", "2026-08-03", "1160.00"),
        invoice("s2", "2026-08-05", "2320.00", subtotal="2000.00", taxes="320.00"),
        invoice("s3", "2026-08-06", "100.00", subtotal="86.21", taxes="13.79"),
        note("sn", "2026-08-20", "1000.00", "s1", "s2", "s3", subtotal="862.07", taxes="137.93"),
        payment("sp", "2026-09-10", "1500.01", "s1", "s2"),
        invoice("s4", "2026-08-07", "500.00", subtotal="431.03", taxes="68.97"),
        note("sc", "2026-08-21", "50.00", "s4", subtotal="43.10", taxes="6.90"),
        cancelled(note("sx", "2026-08-22", "100.00", "s4", subtotal="86.21"), "2026-09-15"),
        note("sl", "2026-09-01", "58.00", subtotal="50.00", taxes="8.00", items=[item("50", IVA)]),
        note("sr", "2026-09-02", "11.60", "s4", relation="03", subtotal="10.00", taxes="1.60"),
        note("s7", "2026-09-03", "11.60", "s4", relation="07", subtotal="10.00", taxes="1.60"),
    ]


def _notes_that_give_back() -> list[Record]:
    """More than all that was open; notes without lines, and with a tax that is not IVA."""
    small: dict[str, Any] = {"subtotal": "100.00", "taxes": "16.00"}
    beer = [item("100.00", IVA | {"base": "108.00"}, IEPS)]
    return [
        invoice("g1", "2026-08-03", "116.00", items=[item("100.00", IVA)], **small),
        invoice("g2", "2026-08-04", "116.00", items=[item("100.00", IVA)], **small),
        payment("g1p", "2026-08-20", "58.00", "g1"),
        note("ga", "2026-09-15", "232.00", "g1", "g2", subtotal="200.00", taxes="32.00")
        | {"items": [item("200.00", IVA)]},
        invoice("g3", "2026-08-05", payment_method="PUE"),
        payment("g3p", "2026-08-21", "1160.00", "g3"),
        note("gb", "2026-09-16", "116.00", "g3", **small),
        note("gc", "2026-09-17", "125.28", "g3", subtotal="100.00", taxes="25.28", items=beer),
        note("gd", "2026-09-18", "100.00", "g3", subtotal="100.00", taxes="0.00"),
    ]


def _complements() -> list[Record]:
    replaced = [{"relationship": "04", "documents": [uuid("r1")]}]
    tax = _TRANSFERRED.format(base="333.34", tax="53.34")
    law: dict[str, Any] = {"currency": "XXX", "exchange_rate": None}
    return [
        invoice("c1", "2026-08-03"),
        payment("c1p", "2026-08-20", "400.00", "c1"),
        rep("r1", "2026-09-04", "400.00", "c1p", of="c1"),
        rep("r2", "2026-09-10", "400.00", "c1p", of="c1", related_documents=replaced),
        invoice("c2", "2026-08-04"),
        payment("c2p", "2026-08-25", "300.00", "c2"),
        rep("r3", "2026-09-07", "0", "c2p", of="c2", **law),
        invoice("c3", "2026-08-05"),
        payment("c3p", "2026-08-28", "200.00", "c3", refunds=[refund("2026-09-20", "50.00")]),
        invoice("c4", "2026-08-05"),
        payment("c4p", "2026-08-31", "386.67", "c4", succeeded_at=at("2026-08-31", "23:59:30")),
        rep("r4", "2026-09-01", "386.67", "c4p", of="c4", complements=_told("c4", tax)),
        payment("c4q", "2026-09-08", "386.67", "c4"),
        payment("c4r", "2026-09-09", "386.66", "c4"),
        rep("r5", "2026-10-06", "773.33", "c4q", "c4r", of="c4"),
        invoice("c7", "2026-08-05"),
        payment("c7p", "2026-08-31", "386.67", "c7", succeeded_at=at("2026-08-31", "23:59:30")),
        rep("r7", "2026-09-01", "386.67", "c7p", of="c7", complements=_told("c7", tax)),
        invoice("c5", "2026-08-06"),
        payment("c5p", "2026-08-28", "500.00", "c5"),
        payment("c5q", "2026-08-29", "200.00", "c5"),
        rep("r6", "2026-08-30", "600.00", of="c5"),
        invoice("c6", "2026-08-07", last_balance="660.00"),
    ]


def _told(of: str, tax: str) -> list[Record]:
    return paid_text("2026-08-31T23:59:30", of, "386.67", tax)


def _currencies_and_taxes() -> list[Record]:
    yen: dict[str, Any] = {"currency": "JPY", "exchange_rate": "0.115302"}
    both = [item("1000.00", IVA | {"base": "1080.00"}, IEPS), item("100.00")]
    return [
        invoice("m1", "2026-08-03", **USD),
        invoice("m8", "2026-08-04", **USD),
        payment("m8p", "2026-09-03", "10000.00", "m8"),
        invoice("m9", "2026-08-04", **USD),
        payment("m9p", "2026-09-03", "10000.00", "m9"),
        rep("m9r", "2026-09-04", "10000.00", "m9p", of="m9"),
        rep("m1r", "2026-09-02", "386.67", of="m1", currency="USD", exchange_rate="18.123456"),
        invoice("m2", "2026-08-03", **USD | {"exchange_rate": None}),
        invoice("m3", "2026-08-04"),
        payment("m3p", "2026-09-04", "20.00", "m3", **USD),
        invoice("m4", "2026-08-05", "1001", subtotal="863", taxes="138", items=[item("863", IVA)])
        | yen,
        rep("m4a", "2026-09-05", "333", of="m4", **yen),
        rep("m4b", "2026-10-05", "333", of="m4", **yen),
        rep("m4c", "2026-10-15", "335", of="m4", **yen),
        invoice("m5", "2026-08-06", "1352.80", subtotal="1100.00", taxes="252.80", items=both),
        rep("m5r", "2026-09-06", "500.00", of="m5"),
        invoice("m6", "2026-08-07", taxes="160.01", total="1160.01"),
        invoice("m7", "2026-08-08", items=[]),
        payment("m7p", "2026-09-07", "580.00", "m7"),
    ]


def _who_and_when() -> list[Record]:
    last_second = at("2026-08-31", "23:59:59")
    foreign = {"payment_method": "PUE"}
    return [
        invoice("w1", "2026-08-31", date=last_second * 1000, created_at=last_second),
        invoice("w2", "2026-09-01", date=(last_second + 1) * 1000, created_at=last_second + 1),
        invoice("w3", "2026-08-10", livemode=False),
        invoice("w4", "2026-08-11", status="stamped"),
        cancelled(invoice("w5", "2026-08-12"), "2026-09-12"),
        cancelled(invoice("w6", "2026-08-13"), "2026-08-31"),
        invoice("w7", "2026-08-14", **foreign),
        payment("w7p", "2026-10-02", "1160.00", "w7"),
        payment("w8", "2026-08-15", "777.00", payment_form="17"),
        payment("w9", "2026-08-15", "333.00", livemode=False),
        payment("wa", "2026-08-16", "0") | {"total": None, "subtotal": "100.00", "taxes": "16.00"},
        cfdi("wt", "T", "2026-08-17", "99.00", subtotal="99.00"),
        invoice("wb", "2026-08-18", **foreign),
        payment("wbp", "2026-08-18", "1160.00", "wb", refunds=[refund("2026-09-18", "1160.00")])
        | {"status": "refunded"},
        note("wbn", "2026-09-19", "1160.00", "wb", subtotal="1000.00", taxes="160.00")
        | {"items": [item("1000.00", IVA)]},
        invoice("wc", "2026-08-19", **foreign),
        payment("wcp", "2026-08-19", "1160.00", "wc"),
        note("wcn", "2026-09-21", "116.00", "wc", subtotal="100.00", taxes="16.00")
        | {"items": [item("100.00", IVA)]},
    ]


def _cancellations() -> list[Record]:
    def asked(day: str, **more: Any) -> Record:
        told = {"cancellation_status": "requested", "requested_at": at(day), "motive": "02"}
        return {"cancellation": told | more}

    answer = {"cancellation_status": "rejected", "last_checked": at("2026-09-08")}
    corrected = [{"relationship": "04", "documents": [uuid("k1")]}]
    return [
        invoice("k1", "2026-08-03"),
        invoice("k2", "2026-08-20", related_documents=corrected),
        invoice("k3", "2026-08-04", **asked("2026-08-27")),
        invoice("k4", "2026-08-05", **asked("2026-11-19")),
        invoice("k5", "2026-08-06", **asked("2026-09-03", **answer)),
        cancelled(invoice("k6", "2026-08-07"), "2026-08-25", motive="01"),
        cancelled(
            invoice("k7", "2026-08-08"), "2026-08-26", motive="01", substitution_uuid=uuid("k2")
        ),
        rep("k8", "2026-09-01", "100.00", of="k1", **asked("2026-09-02")),
    ]


def cfdi_and_payments() -> list[Record]:
    """All of them; invoices have an `invoice_type`. They name each other by short names."""
    return [
        *_notes_and_payments_of_several(),
        *_notes_that_give_back(),
        *_complements(),
        *_currencies_and_taxes(),
        *_who_and_when(),
        *_cancellations(),
        *edge_cases(),
        *settlement_cases(),
    ]
