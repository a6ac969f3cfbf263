"""REP (CFDI of type P): which invoices they pay, how much, when, and whether they still count."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from . import amounts
from .amounts import ZERO
from .books import Books, order
from .cfdi import Cfdi
from .complement import PaidDocument, TransferredTax


class Paid(NamedTuple):
    """What one REP says was paid of one invoice. `rate`: pesos per unit of its currency."""

    rep: Cfdi
    day: date
    amount: Decimal
    rate: Decimal | None
    taxes: list[TransferredTax]


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


def is_of_one(books: Books, rep: Cfdi) -> bool:
    return len(invoices_of(books).get(rep.key, [])) == 1


def paid_by(books: Books, rep: Cfdi, invoice: Cfdi, *, reads_text: bool = True) -> list[Paid]:
    """By its text; else its total, split over its invoices when it has several."""
    texts = _told_by(books, rep) if reads_text else []
    told = [document for document in texts if document.uuid == invoice.uuid]
    currency, rate = _money(books, rep, invoice)
    own = rate if currency == invoice.currency else invoice.rate
    if told:
        return [Paid(rep, one.paid_on, one.amount, one.rate or own, one.taxes) for one in told]
    invoices = invoices_of(books)[rep.key]
    shares = amounts.split(
        _total(books, rep), [one.total for one in invoices], amounts.unit(currency)
    )
    paid = amounts.converted(
        shares[invoices.index(invoice)], (currency, rate), (invoice.currency, invoice.rate)
    )
    return [Paid(rep, _day(books, rep), paid or ZERO, own, [])]


def _told_by(books: Books, rep: Cfdi) -> list[PaidDocument]:
    return rep.paid_documents if books.reads_complements else []


def _total(books: Books, rep: Cfdi) -> Decimal:
    named = (books.collected[key] for key in _payments(books, rep))
    return rep.total if rep.total > 0 else sum((payment.amount for payment in named), ZERO)


def _day(books: Books, rep: Cfdi) -> date:
    known = [day for key in _payments(books, rep) if (day := books.collected[key].day)]
    return max(known, default=rep.issue_day)


def _money(books: Books, rep: Cfdi, invoice: Cfdi) -> tuple[str, Decimal | None]:
    """Currency and rate of what was paid: by law a complement's own currency is XXX."""
    if rep.currency != "XXX":
        return rep.currency, rep.rate
    paid = (books.collected[key] for key in _payments(books, rep))
    return next(((one.currency, one.rate) for one in paid), (invoice.currency, invoice.rate))


def _payments(books: Books, rep: Cfdi) -> list[str]:
    return [key for key in rep.record.get("payments") or [] if key in books.collected]
