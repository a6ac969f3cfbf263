"""Where several documents meet: notes, payments, complements and refunds that share invoices."""

from typing import Any

from .hand import IVA, Record, at, cancelled, invoice, item, note, payment, refund, rep

USD: dict[str, Any] = {"currency": "USD", "exchange_rate": "17.333333"}
DEAR: dict[str, Any] = USD | {"exchange_rate": "20"}
RATELESS: dict[str, Any] = USD | {"exchange_rate": None}
ISH = {"type": "ISH", "rate": "0.03", "factor": "Tasa", "withholding": False}
IEPS = {"type": "IEPS", "rate": "0.08", "factor": "Tasa", "withholding": False}


def _notes_of_cancelled_invoices() -> list[Record]:
    return [
        invoice("xa1", "2026-08-03"),
        cancelled(invoice("xa2", "2026-08-04"), "2026-09-20"),
        note("xan", "2026-08-20", "500.00", "xa1", "xa2", subtotal="431.03", taxes="68.97"),
        invoice("xa3", "2026-08-05", "200.00", subtotal="172.41", taxes="27.59"),
        cancelled(note("xax", "2026-08-21", "100.00", "xa3", subtotal="86.21"), "2026-09-10"),
        note("xam", "2026-08-25", "900.00", "xa1", "xa3", subtotal="775.86", taxes="124.14")
        | {"items": [item("775.86", IVA)]},
        cancelled(invoice("xa4", "2026-08-05"), "2026-09-11"),
        cancelled(invoice("xa5", "2026-08-06", "500.00"), "2026-09-12"),
        note("xao", "2026-08-26", "300.00", "xa4", "xa5", subtotal="258.62", taxes="41.38"),
        invoice("xa6", "2026-08-06", status="draft"),
        note("xap", "2026-08-27", "50.00", "xa3", "xa6", subtotal="43.10", taxes="6.90"),
    ]


def _currencies_and_what_is_settled() -> list[Record]:
    small: dict[str, Any] = {"subtotal": "86.21", "taxes": "13.79"}
    return [
        invoice("xb1", "2026-08-03", "100.00", **small, **USD),
        invoice("xb2", "2026-08-04", "100.00", **small, **DEAR),
        payment("xbp", "2026-08-20", "3700.00", "xb1", "xb2"),
        invoice("xb3", "2026-08-05", "50.00", subtotal="43.10", taxes="6.90", **DEAR),
        invoice("xb4", "2026-08-06", "500.00", subtotal="431.03", taxes="68.97"),
        payment("xbq", "2026-08-21", "1000.01", "xb3", "xb4")
        | {"refunds": [refund("2026-09-03", "100.03"), refund("2026-09-03", "33.34")]},
        invoice("xb5", "2026-08-07", "100.00", **small, **RATELESS),
        invoice("xb6", "2026-08-08", "400.00", subtotal="344.83", taxes="55.17"),
        payment("xbr", "2026-08-22", "300.00", "xb5", "xb6"),
        payment("xbs", "2026-08-23", "30.00", "xb5", **RATELESS),
        invoice("xb7", "2026-08-09", "100.00", **small, **USD),
        invoice("xb8", "2026-08-10"),
        note("xbn", "2026-08-25", "1000.00", "xb7", "xb8", subtotal="862.07", taxes="137.93"),
        invoice("xe1", "2026-08-03", "400.00", subtotal="344.83", taxes="55.17"),
        invoice("xe2", "2026-08-04", "200.00", subtotal="172.41", taxes="27.59"),
        payment("xe1p", "2026-08-20", "400.00", "xe1"),
        payment("xe2p", "2026-08-20", "250.00", "xe2"),
        payment("xep", "2026-09-10", "60.01", "xe1", "xe2"),
    ]


def _complements_of_several() -> list[Record]:
    late = {"succeeded_at": at("2026-08-31", "18:00:00")}
    return [
        invoice("xc1", "2026-08-03"),
        invoice("xc2", "2026-08-04", "600.00", subtotal="517.24", taxes="82.76"),
        payment("xcp", "2026-08-31", "880.00", "xc1", "xc2"),
        rep("xcr", "2026-09-03", "880.00", "xcp", invoices=["xc1", "xc2"]),
        invoice("xc3", "2026-08-05"),
        invoice("xc4", "2026-08-06", "600.00", subtotal="517.24", taxes="82.76"),
        payment("xcq", "2026-08-31", "880.00", "xc3", "xc4"),
        rep("xcs", "2026-09-03", "800.00", "xcq", invoices=["xc3", "xc4"]),
        invoice("xc5", "2026-08-07"),
        invoice("xc6", "2026-08-08"),
        rep("xct", "2026-09-04", "500.01", invoices=["xc5", "xc6"]),
        invoice("xc7", "2026-08-09"),
        payment("xc7p", "2026-08-20", "300.00", "xc7"),
        payment("xc7q", "2026-09-02", "200.00", "xc7"),
        rep("xcu", "2026-09-08", "0", "xc7p", "xc7q", of="xc7", currency="XXX", exchange_rate=None),
        invoice("xc8", "2026-08-09"),
        payment("xc8p", "2026-08-20", "300.00", "xc8"),
        payment("xc8q", "2026-09-02", "200.00", "xc8"),
        payment("xc8f", "2026-09-02", "90.00", "xc8", status="failed"),
        rep("xcv", "2026-09-08", "600.01", "xc8p", "xc8q", "xc8f", of="xc8"),
        invoice("xc9", "2026-08-10"),
        rep("xcw", "2026-09-09", "0", of="xc9"),
        payment("xc9p", "2026-09-01", "100.00", "xc9"),
        invoice("xca", "2026-08-10"),
        payment("xcap", "2026-09-01", "100.00"),
        rep("xcx", "2026-09-09", "0", "xcap", of="xca", currency="XXX", exchange_rate=None),
        invoice("xcb", "2026-08-10"),
        payment("xcbp", "2026-09-01", "100.00", "xcb"),
        payment("xcbq", "2026-09-01", "10.00", "xcb", **RATELESS),
        rep("xcy", "2026-09-09", "0", "xcbq", of="xcb", currency="XXX", exchange_rate=None),
        invoice("xd1", "2026-08-11"),
        payment("xdq", "2026-08-31", "386.67", "xd1", **late),
        payment("xdp", "2026-08-31", "500.00", "xd1", succeeded_at=at("2026-08-31", "18:00:01")),
        payment("xdr", "2026-08-31", "386.66", "xd1", succeeded_at=at("2026-08-31", "09:00:00")),
        rep("xdx", "2026-09-04", "600.00", of="xd1"),
        invoice("xd2", "2026-08-11", payment_method="PUE"),
        payment("xdt", "2026-08-31", "386.67", "xd2", **late),
        payment("xds", "2026-08-31", "386.67", "xd2", succeeded_at=at("2026-08-31", "09:00:00"))
        | {"refunds": [refund("2026-08-31", "33.33")]},
    ]


def _refunds_and_what_is_owed() -> list[Record]:
    cent = [refund("2026-09-02", "399.99")]
    return [
        invoice("xf1", "2026-08-03"),
        payment("xfp", "2026-08-20", "400.00", "xf1", status="refunded"),
        invoice("xf2", "2026-08-03", payment_method="PUE"),
        payment("xfq", "2026-08-31", "1160.00", "xf2", status="refunded"),
        invoice("xf3", "2026-08-04", "33.34", subtotal="28.74", taxes="4.60"),
        invoice("xf4", "2026-08-05", "33.33", subtotal="28.73", taxes="4.60"),
        invoice("xf5", "2026-08-06", "33.33", subtotal="28.73", taxes="4.60"),
        payment(
            "xfr",
            "2026-08-25",
            "100.00",
            "xf3",
            "xf4",
            "xf5",
            refunds=[refund("2026-09-01", "10.00")],
        ),
        invoice("xg1", "2026-08-07"),
        payment("xgp", "2026-08-20", "400.00", "xg1", refunds=cent),
        invoice("xg2", "2026-08-08"),
        payment("xg2p", "2026-08-20", "400.00", "xg2"),
        payment("xg2q", "2026-08-25", "300.00", "xg2"),
        rep("xgr", "2026-09-03", "700.00", "xg2q", of="xg2"),
    ]


def _taxes_inside_the_price() -> list[Record]:
    inside = {"base": None, "inclusive": True}
    fee = {"type": "IEPS", "rate": "1.5737", "factor": "Cuota", "withholding": False, "base": None}
    lines = [
        item("116.00", IVA | inside),
        item("125.28", IVA | inside, IEPS | inside),
        item("108.00", IEPS | inside),
        item("100.01", IVA | inside, IEPS | {"base": None}),
        item("50.00", IVA | {"base": None}, fee, quantity=3),
        item("10.00", IVA | {"base": None, "rate": None, "factor": None}),
    ]
    return [invoice("xh1", "2026-08-12", "700.00", subtotal="594.00", taxes=None, items=lines)]


def _odd_headers() -> list[Record]:
    """Local taxes beside the header and in it, no taxes in it, no lines, a note below zero."""
    stay = item("100.00", IVA, ISH)
    below = item("-100.00", IVA)
    bare = {"items": [], "subtotal": "500.00"}
    return [
        invoice("xi1", "2026-08-12", "119.00", subtotal="100.00", taxes="16.00", items=[stay]),
        payment("xi1p", "2026-09-02", "59.50", "xi1"),
        invoice("xi2", "2026-08-12", "119.00", subtotal="100.00", taxes="19.00", items=[stay]),
        invoice("xi3", "2026-08-13", taxes=None),
        payment("xi3p", "2026-09-03", "580.00", "xi3"),
        invoice("xi4", "2026-08-13", "580.00", taxes="80.00", **bare),
        payment("xi4p", "2026-09-03", "290.00", "xi4"),
        invoice("xi5", "2026-08-14", "580.00", taxes=None, **bare),
        invoice("xi6", "2026-08-14", "500.00", taxes=None, **bare),
        invoice("xi7", "2026-08-14"),
        payment("xi7p", "2026-08-20", "1160.00", "xi7"),
        note("xin", "2026-09-04", "-116.00", "xi7", subtotal="-100.00", taxes="-16.00")
        | {"items": [below]},
    ]


def edge_cases() -> list[Record]:
    return [
        *_notes_of_cancelled_invoices(),
        *_currencies_and_what_is_settled(),
        *_complements_of_several(),
        *_refunds_and_what_is_owed(),
        *_taxes_inside_the_price(),
        *_odd_headers(),
    ]
