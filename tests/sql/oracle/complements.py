"""REP (CFDI of type P): how much they say was paid of their invoices, and when."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from . import amounts
from .allocation import payment_shares
from .amounts import ZERO
from .books import Books
from .cfdi import Cfdi
from .complement import PaidDocument, TransferredTax
from .complement_links import invoices_of, payments_of, told_by
from .payment import Payment

Money = tuple[str, Decimal | None]  # a currency and its rate


class Paid(NamedTuple):
    """What one REP says was paid of one invoice. `rate`: pesos per unit of its currency."""

    rep: Cfdi
    day: date
    amount: Decimal
    rate: Decimal | None
    taxes: list[TransferredTax]
    moment: int = 0
    payment: Payment | None = None
    is_evidence: bool = True
    is_text: bool = False


class Row(NamedTuple):
    """An invoice that a REP names and a payment of it. `known`: what the payment paid of it, and
    `worth`, in the money of the invoice.
    """

    invoice: Cfdi
    payment: Payment | None
    money: Money
    known: Decimal | None
    worth: Decimal | None


def paid_by(books: Books, rep: Cfdi, invoice: Cfdi, *, reads_text: bool = True) -> list[Paid]:
    """By its text; else its total, or what is known of its payments, one for each of them. Evidence
    is a text, what is said of one invoice, and just what its payments paid of several.
    """
    texts = told_by(books, rep) if reads_text else []
    if told := [document for document in texts if document.uuid == invoice.uuid]:
        return [_as_told(books, rep, invoice, document) for document in told]
    found = []
    rows = _rows(books, rep)
    is_sure = len(invoices_of(books)[rep.key]) == 1 or _told(rep, rows) == _known(rows)
    for row, amount in zip(rows, _amounts(rep, rows), strict=True):
        if row.invoice is not invoice or amount is None:
            continue
        paid = row.worth
        if amount != row.known or paid is None:
            paid = amounts.converted(amount, row.money, (invoice.currency, invoice.rate))
        if paid is not None:
            rate = _rate(row.money, invoice)
            day = row.payment.day if row.payment else None
            moment = row.payment.moment if row.payment else 0
            day = day or rep.issue_day
            found.append(Paid(rep, day, paid, rate, [], moment, row.payment, is_sure))
    return found


def _as_told(books: Books, rep: Cfdi, invoice: Cfdi, document: PaidDocument) -> Paid:
    money = next(row.money for row in _rows(books, rep) if row.invoice is invoice)
    rate = document.rate or _rate(money, invoice)
    paid = Paid(rep, document.paid_on, document.amount, rate, document.taxes)
    return paid._replace(is_text=True)


def _rate(money: Money, invoice: Cfdi) -> Decimal | None:
    return money[1] if money[0] == invoice.currency else invoice.rate


def _rows(books: Books, rep: Cfdi) -> list[Row]:
    """The payments that pay an invoice; where none does, all of the REP's, or none at all."""
    payments = payments_of(books)[rep.key]
    invoices = invoices_of(books)[rep.key]
    found = []
    for invoice in invoices:
        given = {
            payment.key: share
            for payment in payments
            for share in payment_shares(books).get(payment.key, [])
            if share.invoice is invoice
        }
        paying = [payment for payment in payments if payment.key in given] or payments
        each: list[Payment | None] = [*paying] or [None]
        for payment in each:
            money = _money(rep, payment, invoice)
            known, worth = None, None
            if payment and payment.currency == money[0]:
                known = payment.amount if len(invoices) == 1 else None
                if payment.key in given:
                    known, worth = given[payment.key].given, given[payment.key].amount
            found.append(Row(invoice, payment, money, known, worth))
    return found


def _known(rows: list[Row]) -> Decimal | None:
    known = [row.known for row in rows if row.known is not None]
    return sum(known, ZERO) if len(known) == len(rows) else None


def _told(rep: Cfdi, rows: list[Row]) -> Decimal | None:
    """Its total, which by law is 0, or is of no one money: then what is known of its payments."""
    is_of_one_money = len({row.money[0] for row in rows}) == 1
    return rep.total if rep.total > 0 and is_of_one_money else _known(rows)


def _amounts(rep: Cfdi, rows: list[Row]) -> Sequence[Decimal | None]:
    told = _told(rep, rows)
    if told is None or told == _known(rows):
        return [row.known if told is not None else None for row in rows]
    weights = [_weight(row) for row in rows]
    return amounts.split(told, weights, amounts.unit(rows[0].money[0]))


def _weight(row: Row) -> Decimal:
    if row.known is not None:
        return row.known
    total, own = row.invoice.total, (row.invoice.currency, row.invoice.rate)
    in_paid = amounts.converted(total, own, row.money)
    return total if in_paid is None else in_paid


def _money(rep: Cfdi, payment: Payment | None, invoice: Cfdi) -> Money:
    """Currency and rate of what was paid: by law a complement's own currency is XXX."""
    paid = (payment.currency, payment.rate) if payment else (invoice.currency, invoice.rate)
    if rep.total <= 0 or rep.currency == "XXX":
        return paid
    is_same = payment is not None and payment.currency == rep.currency
    return rep.currency, rep.rate or (paid[1] if is_same else None)
