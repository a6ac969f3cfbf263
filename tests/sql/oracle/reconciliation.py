"""Does invoicing tie to collections? Both by month, in pesos (Q6)."""

from collections import defaultdict
from datetime import date

from . import amounts, days
from .allocation import payment_shares
from .books import Books
from .evidence import Kind, events_now
from .payment import Payment
from .tables import Measures, add, rows_of

CLASSES = ("collected_ppd", "collected_pue", "receipts_not_invoiced", "collected_without_cfdi")
_row = rows_of("invoiced_pue", "invoiced_ppd", "credit_notes", "rep_paid", "collected", *CLASSES)


def reconciliation(books: Books) -> dict[tuple[str, date], Measures]:
    """By team and month: `collected` is the sum of its four classes."""
    found: dict[date, Measures] = defaultdict(_row)
    _invoiced(books, found)
    for payment in books.collected.values():
        if payment.is_money:
            _collected(books, payment, found)
    for row in found.values():
        row["difference"] = row["collected"] - row["invoiced_pue"] - row["rep_paid"]
    return {(books.team, month): row for month, row in found.items()}


def _invoiced(books: Books, found: dict[date, Measures]) -> None:
    for note in books.valid("E"):
        add(found[days.month(note.issue_day)], "credit_notes", note.mxn(note.total))
    for invoice in books.valid("I"):
        name = "invoiced_ppd" if invoice.is_ppd else "invoiced_pue"
        add(found[days.month(invoice.issue_day)], name, invoice.mxn(invoice.total))
        for event in events_now(books, invoice):
            if event.kind == Kind.PAYMENT and event.tier in (1, 2):
                pesos = amounts.mxn(event.amount, invoice.currency, event.rate)
                add(found[days.month(event.day)], "rep_paid", pesos)


def _collected(books: Books, payment: Payment, found: dict[date, Measures]) -> None:
    name = _class(books, payment)
    moves = [(payment.day or books.as_of, payment.amount)]
    moves += [(refund.day, -refund.amount) for refund in payment.refunds(books.as_of)]
    for day, amount in moves:
        for column in ("collected", name):
            add(found[days.month(day)], column, payment.mxn(amount))


def _class(books: Books, payment: Payment) -> str:
    shares = payment_shares(books).get(payment.key, [])
    valid = [share.invoice for share in shares if share.invoice.is_valid_at(books.as_of)]
    if valid:
        return "collected_ppd" if any(one.is_ppd for one in valid) else "collected_pue"
    if payment.record.get("receipts"):
        return "receipts_not_invoiced"
    return "collected_without_cfdi"
