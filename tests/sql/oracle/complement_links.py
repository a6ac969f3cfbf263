"""REP (CFDI of type P): which invoices and payments they name, and until when they count."""

from collections import defaultdict
from datetime import date
from functools import cache
from typing import NamedTuple

from .amounts import ZERO
from .books import Books, order
from .cfdi import Cfdi
from .complement import PaidDocument
from .payment import Payment


class Lone(NamedTuple):
    """A REP that stands and says what was paid of the one invoice that it names."""

    rep: Cfdi
    invoice: Cfdi
    payment: Payment | None  # the one that it names, if it names one alone
    day: date


@cache
def invoices_of(books: Books) -> dict[str, list[Cfdi]]:
    """The invoices (type I) of every REP, whoever names whom."""
    keys: dict[str, set[str]] = defaultdict(set)
    for rep in books.issued("P"):
        names = [document.uuid for document in told_by(books, rep)]
        names += rep.record.get("invoices") or []
        keys[rep.key] |= {cfdi.key for cfdi in books.standing(names)}
    for invoice in books.issued("I"):
        for rep in books.named(invoice.record.get("invoices") or []):
            if rep.kind == "P":
                keys[rep.key].add(books.standing_for(invoice).key)
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


@cache
def lone(books: Books) -> list[Lone]:
    """Those that stand, name one invoice, and have a total in a currency of money."""
    ended, found = end_days(books), []
    for rep in books.issued("P"):
        invoices, payments = invoices_of(books).get(rep.key, []), payments_of(books)[rep.key]
        is_told = rep.total > ZERO and rep.currency != "XXX"
        if len(invoices) == 1 and is_told and rep.key not in ended:
            one = payments[0] if len(payments) == 1 else None
            day = (one.day if one else None) or rep.issue_day
            found.append(Lone(rep, invoices[0], one, day))
    return found


def told_by(books: Books, rep: Cfdi) -> list[PaidDocument]:
    return rep.paid_documents if books.reads_complements else []
