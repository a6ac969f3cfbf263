"""How credit notes, payments and refunds fall on invoices (the CFDI says no amounts)."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from . import amounts
from .amounts import ZERO
from .books import Books, order
from .cfdi import Cfdi
from .payment import Payment, Refund

Source = Cfdi | Payment
CREDITING = ("01", "03", "07")


class Share(NamedTuple):
    """A part of a credit note or payment: in its invoice's currency, and `given` in its own."""

    invoice: Cfdi
    amount: Decimal
    given: Decimal
    method: str


@cache
def note_shares(books: Books) -> dict[str, list[Share]]:
    """Shares of every credit note issued so far that relates to invoices; cancelled ones too."""
    targets = {note.key: _credited(books, note) for note in books.issued("E")}
    singles: dict[str, list[Cfdi]] = defaultdict(list)
    for note in books.valid("E"):
        if len(targets[note.key]) == 1:
            singles[targets[note.key][0].key].append(note)
    return {
        note.key: _note(books, note, targets[note.key], singles)
        for note in books.issued("E")
        if targets[note.key]
    }


def _credited(books: Books, note: Cfdi) -> list[Cfdi]:
    named = books.named(note.related(*CREDITING))
    found = books.candidates({cfdi.key for cfdi in named if cfdi.kind == "I"})
    return _payable(note, found)


def _note(
    books: Books, note: Cfdi, targets: list[Cfdi], singles: dict[str, list[Cfdi]]
) -> list[Share]:
    credited: dict[str, Decimal] = defaultdict(Decimal)
    for target in targets:
        before = (one for one in singles[target.key] if order(one) < order(note))
        for one in before:
            credited[target.key] += in_currency_of(one.total, one, target) or ZERO
    return _shares(books, note, targets, note.issue_day, credited)


@cache
def payment_shares(books: Books) -> dict[str, list[Share]]:
    """Shares of every collected payment that has invoices, in the invoices' currency."""
    notes: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for key, shares in note_shares(books).items():
        if books.cfdis[key].is_valid_at(books.as_of):
            for share in shares:
                notes[share.invoice.key].append((books.cfdis[key].issue_day, share.amount))
    found = {}
    for key, targets in _paid(books).items():
        payment = books.collected[key]
        day = payment.day or books.as_of
        credited = {
            target.key: sum((part for on, part in notes[target.key] if on <= day), ZERO)
            for target in targets
        }
        found[key] = _shares(books, payment, targets, day, credited)
    return found


@cache
def named_by_payments(books: Books) -> set[str]:
    """Invoices that a collected payment is for, also when nobody can tell how much of it."""
    found: set[str] = set()
    for payment in books.collected.values():
        candidates = books.candidates(books.invoice_keys_of_payment[payment.key])
        found |= {one.key for one in _payable(payment, candidates) or candidates}
    return found


@cache
def _paid(books: Books) -> dict[str, list[Cfdi]]:
    """The invoices that each collected payment pays, if any."""
    found = {}
    for payment in books.collected.values():
        candidates = books.candidates(books.invoice_keys_of_payment[payment.key])
        targets = _payable(payment, candidates)
        if targets:
            found[payment.key] = targets
    return found


@cache
def _single_payments(books: Books) -> dict[str, list[tuple[date, Decimal]]]:
    """By invoice: day and amount of the payments that are for it alone."""
    found: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for key, targets in _paid(books).items():
        payment = books.collected[key]
        if len(targets) == 1:
            amount = in_currency_of(payment.amount, payment, targets[0]) or ZERO
            found[targets[0].key].append((payment.day or books.as_of, amount))
    return found


def _payable(source: Source, candidates: list[Cfdi]) -> list[Cfdi]:
    """Those whose currency the source's can be converted into."""
    return [one for one in candidates if in_currency_of(_worth(source), source, one) is not None]


def _worth(source: Source) -> Decimal:
    return source.amount if isinstance(source, Payment) else source.total


def _shares(
    books: Books,
    source: Source,
    targets: list[Cfdi],
    day: date,
    credited: Mapping[str, Decimal],
) -> list[Share]:
    """All for one invoice; over several by what each had open on the day, in the source's money."""
    worth = _worth(source)
    if len(targets) == 1:
        return [_share(source, targets[0], worth, "single")]
    weights = []
    for target in targets:
        paid = (part for on, part in _single_payments(books)[target.key] if on <= day)
        left = max(target.total - sum(paid, ZERO) - credited[target.key], ZERO)
        weights.append(_in_currency_of_source(left, source, target))
    given, open_amount = worth, sum(weights, ZERO)
    if not open_amount:
        weights = [_in_currency_of_source(target.total, source, target) for target in targets]
    elif isinstance(source, Cfdi):
        given = min(worth, open_amount)  # a note takes back no more than is open
    parts = amounts.split(given, weights, amounts.unit(source.currency))
    return [_share(source, *pair, "prorata") for pair in zip(targets, parts, strict=True)]


def _share(source: Source, target: Cfdi, given: Decimal, method: str) -> Share:
    return Share(target, in_currency_of(given, source, target) or ZERO, given, method)


def refund_shares(books: Books, payment: Payment) -> dict[str, list[Refund]]:
    """The refunds of an allocated payment, by the key of the invoice they fall on: as it did."""
    shares = payment_shares(books)[payment.key]
    unit = amounts.unit(payment.currency)
    found: dict[str, list[Refund]] = defaultdict(list)
    for refund in payment.refunds(books.as_of):
        parts = amounts.split(refund.amount, [share.given for share in shares], unit)
        for share, part in zip(shares, parts, strict=True):
            amount = in_currency_of(part, payment, share.invoice) or ZERO
            found[share.invoice.key].append(refund._replace(amount=amount))
    return found


def in_currency_of(amount: Decimal, source: Source, invoice: Cfdi) -> Decimal | None:
    """Money of a payment or note in the invoice's currency, at the rates of the two documents."""
    of, to = ((one.currency, one.rate) for one in (source, invoice))
    return amounts.converted(amount, of, to)


def _in_currency_of_source(amount: Decimal, source: Source, invoice: Cfdi) -> Decimal:
    of, to = ((one.currency, one.rate) for one in (invoice, source))
    return amounts.converted(amount, of, to) or ZERO
