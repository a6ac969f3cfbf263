"""REP (CFDI of type P): which invoices they pay, how much, when, and whether they still count."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from . import amounts
from .allocation import payment_shares
from .amounts import ZERO
from .books import Books, order
from .cfdi import Cfdi
from .complement import PaidDocument, TransferredTax
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


class Row(NamedTuple):
    """An invoice that a REP names and a payment of it. `known`: what the payment paid of it."""

    invoice: Cfdi
    payment: Payment | None
    money: Money
    known: Decimal | None


@cache
def invoices_of(books: Books) -> dict[str, list[Cfdi]]:
    """The invoices (type I) of every REP, whoever names whom."""
    keys: dict[str, set[str]] = defaultdict(set)
    for rep in books.issued("P"):
        names = [document.uuid for document in _told_by(books, rep)]
        names += rep.record.get("invoices") or []
        keys[rep.key] |= {cfdi.key for cfdi in books.named(names)}
    for invoice in books.issued("I"):
        for rep in books.named(invoice.record.get("invoices") or []):
            if rep.kind == "P":
                keys[rep.key].add(invoice.key)
    return {
        rep: sorted((books.cfdis[key] for key in found if books.cfdis[key].kind == "I"), key=order)
        for rep, found in keys.items()
    }


@cache
def reps_of(books: Books) -> dict[str, list[Cfdi]]:
    """The REP of every invoice that has one, ended ones too, oldest first."""
    found: dict[str, list[Cfdi]] = defaultdict(list)
    for rep in books.issued("P"):
        for invoice in invoices_of(books).get(rep.key, []):
            found[invoice.key].append(rep)
    return found


@cache
def end_days(books: Books) -> dict[str, date]:
    """When a REP stopped counting: cancelled, or replaced by a valid one (relation 04)."""
    found = {
        rep.key: rep.cancel_day
        for rep in books.issued("P")
        if rep.cancel_day and rep.cancel_day <= books.as_of
    }
    for rep in books.valid("P"):
        for old in books.named(rep.related("04")):
            if old.kind == "P" and old.key != rep.key:
                found[old.key] = min(found.get(old.key, rep.issue_day), rep.issue_day)
    return found


def effective(books: Books, invoice: Cfdi) -> list[Cfdi]:
    ended = end_days(books)
    return [rep for rep in reps_of(books).get(invoice.key, []) if rep.key not in ended]


def is_readable(books: Books, rep: Cfdi, invoice: Cfdi) -> bool:
    return any(document.uuid == invoice.uuid for document in _told_by(books, rep))


def is_telling(books: Books, rep: Cfdi, invoice: Cfdi) -> bool:
    """Whether it says what was paid: of one invoice, or just what its payments paid of several."""
    rows = _rows(books, rep)
    told, known = _told(rep, rows), _known(rows)
    is_sure = len(invoices_of(books)[rep.key]) == 1 or told == known
    paid = paid_by(books, rep, invoice, reads_text=False)
    return is_sure and len(paid) == sum(row.invoice is invoice for row in rows)


def paid_by(books: Books, rep: Cfdi, invoice: Cfdi, *, reads_text: bool = True) -> list[Paid]:
    """By its text; else its total, or what is known of its payments, one for each of them."""
    texts = _told_by(books, rep) if reads_text else []
    if told := [document for document in texts if document.uuid == invoice.uuid]:
        return [_as_told(books, rep, invoice, document) for document in told]
    found = []
    rows = _rows(books, rep)
    for row, amount in zip(rows, _amounts(rep, rows), strict=True):
        if row.invoice is not invoice or amount is None:
            continue
        paid = amounts.converted(amount, row.money, (invoice.currency, invoice.rate))
        if paid is not None:
            rate = _rate(row.money, invoice)
            day = row.payment.day if row.payment else None
            moment = row.payment.moment if row.payment else 0
            found.append(Paid(rep, day or rep.issue_day, paid, rate, [], moment))
    return found


def _as_told(books: Books, rep: Cfdi, invoice: Cfdi, document: PaidDocument) -> Paid:
    money = next(row.money for row in _rows(books, rep) if row.invoice is invoice)
    rate = document.rate or _rate(money, invoice)
    return Paid(rep, document.paid_on, document.amount, rate, document.taxes)


def _rate(money: Money, invoice: Cfdi) -> Decimal | None:
    return money[1] if money[0] == invoice.currency else invoice.rate


def _told_by(books: Books, rep: Cfdi) -> list[PaidDocument]:
    return rep.paid_documents if books.reads_complements else []


def _rows(books: Books, rep: Cfdi) -> list[Row]:
    """The payments that pay an invoice; where none does, all of the REP's, or none at all."""
    payments = payments_of(books)[rep.key]
    invoices = invoices_of(books)[rep.key]
    found = []
    for invoice in invoices:
        given = {
            payment.key: share.given
            for payment in payments
            for share in payment_shares(books).get(payment.key, [])
            if share.invoice is invoice
        }
        paying = [payment for payment in payments if payment.key in given] or payments
        each: list[Payment | None] = [*paying] or [None]
        for payment in each:
            money = _money(rep, payment, invoice)
            known = None
            if payment and payment.currency == money[0]:
                whole = payment.amount if len(invoices) == 1 else None
                known = given.get(payment.key, whole)
            found.append(Row(invoice, payment, money, known))
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


@cache
def payments_of(books: Books) -> dict[str, list[Payment]]:
    """The collected payments of every REP, whoever names whom, the earliest first."""
    keys: dict[str, set[str]] = defaultdict(set)
    for rep in books.issued("P"):
        keys[rep.key] |= set(rep.record.get("payments") or [])
    for payment in books.collected.values():
        for cfdi in books.named(payment.record.get("invoices") or []):
            keys[cfdi.key].add(payment.key)
    return {
        rep.key: [one for one in books.collected.values() if one.key in keys[rep.key]]
        for rep in books.issued("P")
    }
