"""Transferred IVA by month and class of rate: billed, collected by two clocks, pending (Q13)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from . import days
from .amounts import ZERO, part_until
from .books import Books
from .cfdi import Cfdi
from .collecting import Basis, Clock, Collected, Parts, collected
from .evidence import Event, Kind, events_then
from .settling import settled_steps
from .tables import Measures, add, rows_of
from .taxes import Part, iva, rate_class

Key = tuple[str, date, str, str]
_IVA = "002"  # c_Impuesto

_billed = rows_of("base_billed", "base_billed_mxn", "iva_billed", "iva_billed_mxn")
_collected = rows_of(
    "base_collected",
    "base_collected_mxn",
    "iva_collected",
    "iva_collected_mxn",
    "iva_estimated_mxn",
)
_PENDING = ("opening", "billed_ppd", "collected", "credit_notes", "cancelled", "closing")
_pending = rows_of(*_PENDING)


def iva_billed(books: Books) -> dict[Key, Measures]:
    """By team, month of issue, class and currency: invoices less credit notes."""
    found: dict[Key, Measures] = defaultdict(_billed)
    for cfdi in (*books.valid("I"), *books.valid("E")):
        for label, part in iva(cfdi).items():
            row = found[cfdi.team, days.month(cfdi.issue_day), label, cfdi.currency]
            for name, amount in (("base", part.base), ("iva", part.amount)):
                pesos = cfdi.mxn(amount)
                add(row, f"{name}_billed", cfdi.sign * amount)
                add(row, f"{name}_billed_mxn", cfdi.sign * pesos if pesos is not None else None)
    return dict(found)


def iva_collected(books: Books, basis: Basis) -> dict[Key, Measures]:
    """By team, month of collection, class and currency."""
    found: dict[Key, Measures] = defaultdict(_collected)
    for one in collected(books, Clock(basis, iva, _told)):
        _add(found[one.cfdi.team, one.month, one.label, one.cfdi.currency], one)
    return dict(found)


def _add(row: Measures, one: Collected) -> None:
    for name, amount in (("base", one.part.base), ("iva", one.part.amount)):
        add(row, f"{name}_collected", amount)
        add(row, f"{name}_collected_mxn", one.mxn(amount))
    if one.is_estimated:
        add(row, "iva_estimated_mxn", one.mxn(one.part.amount))


def _told(event: Event) -> Parts:
    """IVA as the REP itself splits it."""
    found: Parts = {}
    for tax in event.taxes:
        if tax.tax == _IVA:
            label = rate_class(tax.factor, tax.rate)
            base, amount = found.get(label, (ZERO, ZERO))
            found[label] = Part(base + tax.base, amount + tax.amount)
    return found


def iva_pending(books: Books) -> dict[Key, Measures]:
    """Roll-forward of IVA not collected, as it looked at the time, in document currency."""
    moves: dict[tuple[str, str], dict[date, Measures]] = defaultdict(lambda: defaultdict(_pending))
    for invoice in books.issued("I"):
        if invoice.is_ppd:
            for label, part in iva(invoice).items():
                for day, name, amount in _moves(books, invoice, part.amount):
                    add(moves[label, invoice.currency][days.month(day)], name, amount)
    found = {}
    for (label, currency), by_month in moves.items():
        closing = ZERO
        for month in days.months(min(by_month), books.as_of):
            row = dict(by_month.get(month, _pending()))
            row["opening"] = closing
            out = row["collected"] + row["credit_notes"] + row["cancelled"]
            closing += row["billed_ppd"] - out
            row["closing"] = closing
            found[books.team, month, label, currency] = row
    return found


def _moves(books: Books, invoice: Cfdi, tax: Decimal) -> Iterator[tuple[date, str, Decimal]]:
    yield invoice.issue_day, "billed_ppd", tax
    done = ZERO
    for step in settled_steps(invoice, events_then(books, invoice)):
        name = "credit_notes" if step.event.kind >= Kind.NOTE else "collected"
        until = part_until(tax, step.after, invoice.total, invoice.unit)
        yield step.event.day, name, until - done
        done = until
    if invoice.cancel_day and invoice.cancel_day <= books.as_of:
        yield invoice.cancel_day, "cancelled", tax - done
