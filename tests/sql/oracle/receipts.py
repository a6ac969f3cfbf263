"""Receipts nobody invoiced yet, and how big the month's global invoice will be (Q19 and Q20)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from . import amounts, days
from .amounts import ZERO, number, rounded
from .books import Books
from .cfdi import Record

RATE_UNIT = Decimal("0.000001")
MONTHS = 6


@dataclass(frozen=True)
class Estimate:
    """What is open of a period in pesos, and what of it nobody will ask an invoice for."""

    pending_count: int
    pending_amount: Decimal
    pending_net: Decimal
    pending_taxes: Decimal
    self_invoice_rate: Decimal | None
    self_invoice_rate_count: Decimal | None
    estimated_global_amount: Decimal | None
    estimated_net: Decimal | None
    estimated_taxes: Decimal | None
    low: Decimal | None
    high: Decimal | None


def state(books: Books, receipt: Record) -> str:
    """self_invoiced, global, cancelled, expired or open, as of the day of the books."""
    invoices = [one for one in books.named(receipt.get("invoices") or []) if one.kind == "I"]
    taken = books.candidates(invoice.key for invoice in invoices)
    if taken:
        return "global" if taken[0].record.get("global") else "self_invoiced"
    if receipt["status"] in ("cancelled", "canceled"):
        return "cancelled"
    if ZERO < (number(receipt.get("total")) or ZERO) <= _refunded(receipt):
        return "refunded"
    until = days.day(receipt.get("valid_until"), books.zone)
    if receipt["status"] == "expired" and (not until or until < books.as_of):
        return "expired"
    return "open"


def created(books: Books, receipt: Record) -> date:
    day = days.day(receipt["created_at"], books.zone)
    if day is None:
        raise ValueError(f"receipt {receipt['id']} has no day of creation")
    return day


def existing(books: Books) -> list[Record]:
    return [
        receipt
        for receipt in books.receipts
        if receipt.get("livemode") is not False and created(books, receipt) <= books.as_of
    ]


def estimates(books: Books) -> dict[tuple[str, date], Estimate]:
    """By team and month of creation, for every month with open receipts."""
    pending: dict[date, list[Record]] = defaultdict(list)
    settled: dict[date, list[Record]] = defaultdict(list)
    months = _months_before(books.as_of)
    for receipt in existing(books):
        month, now = days.month(created(books, receipt)), state(books, receipt)
        if now == "open":
            pending[month].append(receipt)
        elif now not in ("cancelled", "refunded") and month in months:
            settled[month].append(receipt)
    by_month = [_rate(books, receipts) for receipts in settled.values()]
    every = [receipt for receipts in settled.values() for receipt in receipts]
    rates = [rate for rate in by_month if rate is not None]
    return {
        (books.team, month): _estimate(books, receipts, every, rates)
        for month, receipts in pending.items()
    }


def _estimate(
    books: Books, pending: list[Record], settled: list[Record], rates: list[Decimal]
) -> Estimate:
    amount = sum((_pesos(one, _kept(one)) for one in pending), ZERO)
    net = sum((_pesos(one, _kept_of(one, _net(one))) for one in pending), ZERO)
    taxes = sum((_pesos(one, _kept_of(one, _named(one, "taxes"))) for one in pending), ZERO)
    rate = _rate(books, settled)
    selves = sum(state(books, receipt) == "self_invoiced" for receipt in settled)
    return Estimate(
        len(pending),
        amount,
        net,
        taxes,
        rate,
        rounded(Decimal(selves) / len(settled), RATE_UNIT) if settled else None,
        _left(amount, rate),
        _left(net, rate),
        _left(taxes, rate),
        _left(amount, max(rates, default=None)),
        _left(amount, min(rates, default=None)),
    )


def _rate(books: Books, settled: list[Record]) -> Decimal | None:
    """The part of what was sold that its clients invoiced themselves."""
    whole = _sum(settled, "total")
    selves = (receipt for receipt in settled if state(books, receipt) == "self_invoiced")
    return rounded(_sum(selves, "total") / whole, RATE_UNIT) if whole else None


def _left(amount: Decimal, rate: Decimal | None) -> Decimal | None:
    return None if rate is None else rounded(amount * (1 - rate))


def _sum(receipts: Iterable[Record], name: str) -> Decimal:
    return sum((_pesos(receipt, _named(receipt, name)) for receipt in receipts), ZERO)


def _named(receipt: Record, name: str) -> Decimal:
    return number(receipt.get(name)) or ZERO


def _net(receipt: Record) -> Decimal:
    return _named(receipt, "subtotal") - _named(receipt, "discount")


def _refunded(receipt: Record) -> Decimal:
    return _named(receipt, "total_refunded")


def _kept(receipt: Record) -> Decimal:
    """What was not given back."""
    return max(_named(receipt, "total") - _refunded(receipt), ZERO)


def _kept_of(receipt: Record, amount: Decimal) -> Decimal:
    """The part of an amount that falls on what was not given back."""
    total = _named(receipt, "total")
    return amounts.part_until(amount, _kept(receipt), total, amounts.CENT) if total else ZERO


def _pesos(receipt: Record, amount: Decimal) -> Decimal:
    currency, rate = receipt.get("currency") or "MXN", number(receipt.get("exchange_rate"))
    return amounts.mxn(amount, currency, rate) or ZERO


def _months_before(day: date) -> set[date]:
    found, at = set(), days.month(day)
    for _ in range(MONTHS):
        at = days.month(at - timedelta(days=1))
        found.add(at)
    return found
