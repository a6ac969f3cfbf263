"""How credit notes, payments and refunds fall on invoices (the CFDI says no amounts)."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from . import amounts, complements
from .amounts import ZERO
from .books import Books, order
from .cfdi import Cfdi
from .payment import Payment, Refund

Source = Cfdi | Payment
CREDITING = ("01", "03", "07")


class Share(NamedTuple):
    """A part of a credit note or of a payment, and the invoice it falls on."""

    invoice: Cfdi
    amount: Decimal
    method: str


@cache
def note_shares(books: Books) -> dict[str, list[Share]]:
    """Shares of every credit note issued so far that relates to invoices; cancelled ones too."""
    targets = {note.key: _targets(books, note) for note in books.issued("E")}
    singles: dict[str, list[Cfdi]] = defaultdict(list)
    for note in books.valid("E"):
        if len(targets[note.key]) == 1:
            singles[targets[note.key][0].key].append(note)
    return {
        note.key: _note(books, note, targets[note.key], singles)
        for note in books.issued("E")
        if targets[note.key]
    }


def _targets(books: Books, note: Cfdi) -> list[Cfdi]:
    named = books.named(note.related(*CREDITING))
    found = books.candidates({cfdi.key for cfdi in named if cfdi.kind == "I"})
    return _payable(note.total, note, found)


def _note(
    books: Books, note: Cfdi, targets: list[Cfdi], singles: dict[str, list[Cfdi]]
) -> list[Share]:
    amount = _in_currency_of(note.total, note, targets[0]) or ZERO
    if len(targets) == 1:
        return [Share(targets[0], amount, "single")]
    weights = []
    for target in targets:
        before = (one for one in singles[target.key] if order(one) < order(note))
        earlier = [_in_currency_of(one.total, one, target) or ZERO for one in before]
        paid = _paid_by_reps(books, target, note.issue_day)
        weights.append(max(target.total - paid - sum(earlier, ZERO), ZERO))
    return _prorata(amount, targets, weights)


@cache
def payment_shares(books: Books) -> dict[str, list[Share]]:
    """Shares of every collected payment that has invoices, in the invoices' currency."""
    notes: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for key, shares in note_shares(books).items():
        if books.cfdis[key].is_valid_at(books.as_of):
            for share in shares:
                notes[share.invoice.key].append((books.cfdis[key].issue_day, share.amount))
    found = {}
    for payment in books.collected.values():
        candidates = books.candidates(books.invoice_keys_of_payment[payment.key])
        targets = _payable(payment.amount, payment, candidates)
        if targets:
            found[payment.key] = _payment(books, payment, targets, notes)
    return found


def _payable(amount: Decimal, source: Source, candidates: list[Cfdi]) -> list[Cfdi]:
    """Invoices of one currency: the source's own if there are any, else the first one's."""
    known = [one for one in candidates if _in_currency_of(amount, source, one) is not None]
    own = [one for one in known if one.currency == source.currency]
    return own or [one for one in known if one.currency == known[0].currency]


def _payment(
    books: Books,
    payment: Payment,
    targets: list[Cfdi],
    notes: dict[str, list[tuple[date, Decimal]]],
) -> list[Share]:
    amount = _in_currency_of(payment.amount, payment, targets[0]) or ZERO
    if len(targets) == 1:
        return [Share(targets[0], amount, "single")]
    weights = []
    for target in targets:
        day = payment.day or books.as_of
        credited = sum((part for on, part in notes[target.key] if on <= day), ZERO)
        paid = _paid_by_reps(books, target, day, is_inclusive=False)
        weights.append(max(target.total - paid - credited, ZERO))
    return _prorata(amount, targets, weights)


def refund_shares(books: Books, payment: Payment) -> dict[str, list[Refund]]:
    """The refunds of an allocated payment, by the key of the invoice they fall on."""
    shares = payment_shares(books)[payment.key]
    found: dict[str, list[Refund]] = defaultdict(list)
    for refund in payment.refunds(books.as_of):
        amount = _in_currency_of(refund.amount, payment, shares[0].invoice) or ZERO
        unit = shares[0].invoice.unit
        parts = [amount]
        if len(shares) > 1:
            parts = amounts.split(amount, [share.amount for share in shares], unit)
        for share, part in zip(shares, parts, strict=True):
            found[share.invoice.key].append(refund._replace(amount=part))
    return found


def _prorata(amount: Decimal, targets: list[Cfdi], weights: list[Decimal]) -> list[Share]:
    unit = targets[0].unit
    if any(weights):
        parts = amounts.split_capped(amount, weights, unit)
    else:
        parts = amounts.split(amount, [target.total for target in targets], unit)
    return [Share(*pair, "prorata") for pair in zip(targets, parts, strict=True)]


def _paid_by_reps(
    books: Books, invoice: Cfdi, until: date, *, is_inclusive: bool = True
) -> Decimal:
    if not invoice.is_ppd:
        return ZERO
    paid = (
        paid
        for rep in complements.effective(books, invoice)
        for paid in complements.paid_by(books, rep, invoice)
    )
    return sum(
        (one.amount for one in paid if one.day < until or (is_inclusive and one.day == until)), ZERO
    )


def _in_currency_of(amount: Decimal, source: Source, invoice: Cfdi) -> Decimal | None:
    """Money of a payment or note in the invoice's currency, at the rates of the two documents."""
    if source.currency == invoice.currency:
        return amount
    paid_at = Decimal(1) if source.currency == "MXN" else source.rate
    owed_at = Decimal(1) if invoice.currency == "MXN" else invoice.rate
    if not paid_at or not owed_at:
        return None
    return amounts.rounded(amount * paid_at / owed_at, invoice.unit)
