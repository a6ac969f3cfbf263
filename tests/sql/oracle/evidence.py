"""By which evidence an invoice counts as paid, and what settled it: payments, refunds, notes."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from enum import IntEnum
from functools import cache
from typing import NamedTuple

from . import complements
from .allocation import named_by_payments, note_shares, payment_shares, refund_shares
from .amounts import TOLERANCE, ZERO
from .books import Books
from .cfdi import Cfdi
from .complement import TransferredTax


class Kind(IntEnum):
    """What an event is; on one day they happen in this order."""

    PAYMENT = 1
    REFUND = 2
    PAYMENT_REVERSAL = 3
    NOTE = 4
    NOTE_REVERSAL = 5


class Event(NamedTuple):
    """Something that settled (or unsettled, then negative) a part of an invoice."""

    day: date
    kind: Kind
    source: str
    amount: Decimal
    rate: Decimal | None = None
    taxes: tuple[TransferredTax, ...] = ()
    moment: int = 0  # of a day on which money came or went; the rest goes by its id


TIERS = {1: "rep_xml", 2: "rep_api", 3: "payment", 4: "balance"}


@cache
def _paid_keys(books: Books) -> dict[str, list[str]]:
    """The payments that fall on an invoice."""
    found: dict[str, list[str]] = defaultdict(list)
    for key, shares in payment_shares(books).items():
        for share in shares:
            found[share.invoice.key].append(key)
    return found


@cache
def _notes(books: Books) -> dict[str, list[tuple[Cfdi, Decimal]]]:
    found: dict[str, list[tuple[Cfdi, Decimal]]] = defaultdict(list)
    for key, shares in note_shares(books).items():
        for share in shares:
            found[share.invoice.key].append((books.cfdis[key], share.amount))
    return found


def tier(books: Books, invoice: Cfdi) -> int | None:
    """The best evidence that covers everything known to be paid of it (domain rule 2.25)."""
    reps = complements.reps_of(books).get(invoice.key, []) if invoice.is_ppd else []
    if reps and all(complements.is_readable(books, rep, invoice) for rep in reps):
        return 1
    if reps and all(complements.is_telling(books, rep, invoice) for rep in reps):
        return 2
    if _paid_keys(books).get(invoice.key):
        return 3
    if invoice.is_ppd and _paid_by_balance(books, invoice) > TOLERANCE:
        return 4
    return None


def _paid_by_balance(books: Books, invoice: Cfdi) -> Decimal:
    """What the balance of today tells beyond notes; nothing where other evidence came later."""
    balance, today = invoice.amount("last_balance"), books.of_all_time
    key = invoice.key
    if balance is None or invoice.status == "cancelled":
        return ZERO
    if complements.reps_of(today).get(key) or key in named_by_payments(today):
        return ZERO
    standing = [note for note, _ in _notes(today).get(key, []) if note.status != "cancelled"]
    if any(not note.is_issued_by(books.as_of) for note in standing):
        return ZERO
    notes = (part for note, part in _notes(books).get(key, []) if note.status != "cancelled")
    return invoice.total - balance - sum(notes, ZERO)


def events_then(books: Books, invoice: Cfdi) -> list[Event]:
    """As it looked at the time: what ended later counted until it did.

    Nothing settles an invoice before it exists.
    """
    found = _payments(books, invoice, is_now=False)
    for note, amount in _notes(books).get(invoice.key, []):
        found.append(Event(note.issue_day, Kind.NOTE, note.key, amount))
        if note.cancel_day and note.cancel_day <= books.as_of:
            found.append(Event(note.cancel_day, Kind.NOTE_REVERSAL, note.key, -amount))
    held = [one._replace(day=max(one.day, invoice.issue_day)) for one in found]
    cancelled = invoice.cancel_day
    return [one for one in _in_order(held) if not cancelled or one.day <= cancelled]


def events_now(books: Books, invoice: Cfdi) -> list[Event]:
    """As things stand: what was cancelled or replaced never was."""
    found = _payments(books, invoice, is_now=True)
    for note, amount in _notes(books).get(invoice.key, []):
        if note.is_valid_at(books.as_of):
            found.append(Event(note.issue_day, Kind.NOTE, note.key, amount))
    return _in_order(found)


def _in_order(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda event: (event.day, event.kind, event.moment, event.source))


def _payments(books: Books, invoice: Cfdi, *, is_now: bool) -> list[Event]:
    best = tier(books, invoice)
    if best in (1, 2):
        return _by_reps(books, invoice, is_now=is_now, reads_text=best == 1)
    if best == 3:
        return _by_payments(books, invoice)
    if best == 4:
        seen = books.seen.get(invoice.key, books.as_of)
        amount = _paid_by_balance(books, invoice)
        return [Event(seen, Kind.PAYMENT, invoice.key, amount, invoice.rate)]
    return []


def _by_reps(books: Books, invoice: Cfdi, *, is_now: bool, reads_text: bool) -> list[Event]:
    ended = complements.end_days(books)
    found = []
    for rep in complements.reps_of(books)[invoice.key]:
        end = ended.get(rep.key)
        if is_now and end:
            continue
        for paid in complements.paid_by(books, rep, invoice, reads_text=reads_text):
            day, amount, taxes = paid.day, paid.amount, tuple(paid.taxes)
            found.append(Event(day, Kind.PAYMENT, rep.key, amount, paid.rate, taxes, paid.moment))
            if end:
                back = max(end, day)
                event = Event(back, Kind.PAYMENT_REVERSAL, rep.key, -amount, paid.rate)
                found.append(event._replace(moment=paid.moment))
    return found


def _by_payments(books: Books, invoice: Cfdi) -> list[Event]:
    found = []
    for key in _paid_keys(books)[invoice.key]:
        payment = books.collected[key]
        rate = payment.rate if payment.currency == invoice.currency else invoice.rate
        for share in payment_shares(books)[key]:
            if share.invoice is invoice:
                day = payment.day or books.as_of
                moment = payment.moment
                found.append(Event(day, Kind.PAYMENT, key, share.amount, rate, moment=moment))
        for refund in refund_shares(books, payment).get(invoice.key, []):
            back, moment = -refund.amount, refund.moment
            found.append(Event(refund.day, Kind.REFUND, key, back, rate, moment=moment))
    return found
