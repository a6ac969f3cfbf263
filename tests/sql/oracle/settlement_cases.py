"""Where settlement went wrong once: refunds, evidence of each payment, chains, other currencies."""

from typing import Any

from .hand import IVA, Record, at, cancelled, cfdi, invoice, item, note, payment, refund, rep, uuid

SMALL: dict[str, Any] = {"subtotal": "100.00", "taxes": "16.00", "items": [item("100.00", IVA)]}
PUE: dict[str, Any] = SMALL | {"payment_method": "PUE"}
TEN: dict[str, Any] = {"subtotal": "86.21", "taxes": "13.79", "items": [item("86.21", IVA)]}
DOUBLE: dict[str, Any] = {"subtotal": "200.00", "taxes": "32.00", "items": [item("200.00", IVA)]}
USD: dict[str, Any] = {"currency": "USD", "exchange_rate": "17"}


def small(key: str, day: str = "2026-08-03", **more: Any) -> Record:
    """PPD of 116.00 unless told otherwise."""
    return invoice(key, day, "116.00", **SMALL | more)


def small_note(key: str, day: str, *invoices: str, total: str = "116.00", **more: Any) -> Record:
    parts = {"58.00": ("50.00", "8.00"), "116.00": ("100.00", "16.00")}
    net, tax = parts.get(total, ("200.00", "32.00"))
    lines = {"subtotal": net, "taxes": tax, "items": [item(net, IVA)]}
    return note(key, day, total, *invoices, **lines | more)


def replaces(*olds: str) -> dict[str, Any]:
    return {"related_documents": [{"relationship": "04", "documents": [uuid(old) for old in olds]}]}


def refunds() -> list[Record]:
    silent = {"id": "rf9", "items": [], "created_at": at("2026-09-05")}
    line = {"quantity": 2, "unit_price": "250", "taxes": [IVA]}
    items = {"id": "rf8", "items": [line], "created_at": at("2026-09-05")}
    pesos = refund("2026-09-06", "19720.00") | {"currency": "MXN"}
    twice = refund("2026-09-06", "30.00")
    foreign = USD | {"subtotal": "1000.00", "taxes": "160.00", "items": [item("1000.00", IVA)]}
    return [
        small("ra1", **PUE),
        payment("ra1p", "2026-08-05", "116.00", "ra1", status="refunded", refunds=[silent]),
        invoice("ra2", "2026-08-03", payment_method="PUE"),
        payment("ra2p", "2026-08-05", "1160.00", "ra2", refunds=[items]),
        invoice("ra3", "2026-08-03", **foreign),
        payment("ra3p", "2026-08-05", "1160.00", "ra3", refunds=[pesos], **USD),
        small("ra4"),
        payment("ra4p", "2026-08-05", "116.00", "ra4", refunds=[twice, twice]),
        small("ra5", **PUE),
        payment("ra5p", "2026-08-05", "116.00", "ra5", refunds=[refund("2026-09-05", "116.00")]),
        small_note("ra5n", "2026-09-04", "ra5", relation="03"),
        small("ra6"),
        payment("ra6p", "2026-08-05", "116.00", "ra6", refunds=[refund("2026-09-05", "116.00")]),
        rep("ra6r", "2026-08-06", "116.00", "ra6p", of="ra6"),
        small_note("ra6n", "2026-09-04", "ra6", relation="03"),
        small("ra7", **PUE),
        payment("ra7p", "2026-08-05", "116.00", "ra7", refunds=[refund("2026-09-01", "58.00")]),
        small_note("ra7n", "2026-10-04", "ra7"),
        small("ra8"),
        payment("ra8p", "2026-08-05", "116.00", "ra8", status="refunded", refunds=[silent, twice]),
        small("ra9"),
        payment("ra9p", "2026-08-05", "116.00", "ra9", refunds=[silent]),
    ]


def evidence_of_each() -> list[Record]:
    paid_by_none = {"currency": "XXX", "exchange_rate": None}
    return [
        small("rb0"),
        payment("rb0p", "2026-08-10", "120.00", "rb0"),
        rep("rb0r", "2026-09-02", "120.00", "rb0p", of="rb0"),
        small("rbz"),
        payment("rbzp", "2026-08-10", "120.00", "rbz"),
        rep("rbzr", "2026-09-02", "120.00", of="rbz"),
        invoice("rb1", "2026-08-03"),
        payment("rb1p", "2026-08-10", "580.00", "rb1"),
        rep("rb1r", "2026-09-03", "580.00", "rb1p", of="rb1"),
        payment("rb1q", "2026-10-28", "580.00", "rb1"),
        small("rb2"),
        rep("rb2r", "2026-08-20", "116.00", of="rb2"),
        small("rb3"),
        small_note("rb3n", "2026-09-10", "rb2", "rb3", total="58.00"),
        *(invoice(key, "2026-08-03", "100.00", **TEN) for key in ("rb4", "rb5", "rb6")),
        payment("rb4p", "2026-08-10", "200.00", "rb4", "rb5"),
        payment("rb4q", "2026-08-11", "100.00", "rb4", "rb6"),
        small("rb7"),
        small("rb8"),
        payment("rb7p", "2026-08-10", "150.00", "rb7", "rb8"),
        rep("rb7r", "2026-09-02", "116.00", "rb7p", of="rb7"),
        rep("rb8r", "2026-09-02", "34.00", "rb7p", of="rb8"),
        small("rb9"),
        payment("rb9p", "2026-08-10", "120.00", "rb9"),
        rep("rb9r", "2026-09-02", "116.00", "rb9p", of="rb9"),
        invoice("rba", "2026-08-03", "232.00", last_balance="132.00", **DOUBLE),
        rep("rbar", "2026-09-15", "0", of="rba", **paid_by_none),
        small("rbb"),
        payment("rbbp", "2026-08-10", "116.00", "rbb"),
        small("rbc"),
        payment("rbcp", "2026-08-10", "100.00", "rbc"),
        small_note("rbcn", "2026-09-10", "rbb", "rbc", total="58.00"),
        small("rbd"),
        payment("rbdp", "2026-08-10", "116.00", "rbd"),
        cancelled(rep("rbdr", "2026-08-11", "116.00", "rbdp", of="rbd"), "2026-09-10"),
        small("rbe"),
        payment("rbep", "2026-08-10", "30.00", "rbe"),
        cancelled(rep("rber", "2026-08-11", "116.00", of="rbe"), "2026-09-10"),
        # chains of shared payments and notes, each after the others
        *(small(f"rbf{n}") for n in range(5)),
        payment("rbfa", "2026-08-20", "150.00", "rbf0", "rbf1"),
        payment("rbfb", "2026-08-21", "150.00", "rbf1", "rbf2"),
        small_note("rbfc", "2026-08-21", "rbf1", "rbf2", "rbf3", total="116.00"),
        payment("rbfd", "2026-08-22", "150.01", "rbf2", "rbf3", "rbf4"),
        cancelled(small_note("rbfe", "2026-08-23", "rbf3", "rbf4"), "2026-09-20"),
        payment("rbff", "2026-08-24", "300.00", "rbf0", "rbf3", "rbf4"),
        rep("rbfg", "2026-09-04", "75.00", "rbfb", of="rbf1"),
    ]


def chains() -> list[Record]:
    gone: dict[str, Any] = {"motive": "01"}
    return [
        cancelled(small("rc1", **PUE), "2026-09-10", **gone),
        small("rc2", "2026-09-10", **PUE | replaces("rc1")),
        payment("rc1p", "2026-08-05", "116.00", "rc1"),
        cancelled(small("rc3"), "2026-09-10", **gone),
        small("rc4", "2026-09-10", **replaces("rc3")),
        payment("rc3p", "2026-08-05", "116.00", "rc3"),
        rep("rc3r", "2026-08-06", "116.00", "rc3p", of="rc3"),
        invoice("rc5", "2026-08-03"),
        cancelled(small_note("rc5n", "2026-08-10", "rc5", total="232.00"), "2026-09-11"),
        small_note("rc5m", "2026-09-11", total="232.00") | replaces("rc5n"),
        cancelled(small("rc6"), "2026-09-01", **gone),
        cancelled(small("rc7", "2026-09-01", **replaces("rc6")), "2026-10-01", **gone),
        small("rc8", "2026-10-01", **replaces("rc7")),
        payment("rc6p", "2026-08-15", "58.00", "rc6"),
        small_note("rc7n", "2026-09-15", "rc7", total="58.00"),
        cancelled(small("rc9"), "2026-09-01", substitution_uuid=uuid("rca"), **gone),
        small("rca", "2026-09-01"),
        payment("rc9p", "2026-08-15", "58.00", "rc9", "rca"),
        rep("rc9r", "2026-08-16", "10.00", of="rc9"),
    ]


def currencies() -> list[Record]:
    return [
        small("rd1", **USD, last_balance="0"),
        payment("rd1p", "2026-08-20", "1914.00", "rd1"),
        invoice("rd2", "2026-08-03"),
        small("rd3", **USD, last_balance="0"),
        payment("rd2p", "2026-08-20", "3190.00", "rd2", "rd3"),
        small("rd4", **USD),
        payment("rd4p", "2026-08-20", "1914.00", "rd4"),
        small("rd5", **USD),
        payment("rd5p", "2026-08-20", "2100.00", "rd5", refunds=[refund("2026-09-02", "210.00")]),
        small("rd6", **USD, last_balance="0"),
        payment("rd6p", "2026-08-20", "986.00", "rd6"),
        payment("rd6q", "2026-09-20", "1050.00", "rd6"),
        rep("rd6r", "2026-09-25", "0", "rd6q", of="rd6", currency="XXX", exchange_rate=None),
        cfdi("rd7", "E", "2026-09-12", "116.00", **SMALL),
    ]


def settlement_cases() -> list[Record]:
    return [*refunds(), *evidence_of_each(), *chains(), *currencies()]
