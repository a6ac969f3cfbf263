"""What settled an invoice, each event with its evidence: payments, refunds, notes."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from enum import IntEnum
from functools import cache
from typing import NamedTuple

from . import complements, matching
from .allocation import named_by_payments, note_shares, rate_of, refund_shares
from .amounts import TOLERANCE, ZERO
from .books import Books
from .cfdi import Cfdi
from .complement import TransferredTax
from .complement_links import effective, end_days, reps_of
from .payment import Payment


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
    tier: int | None = None


TIERS = {1: "rep_xml", 2: "rep_api", 3: "payment", 4: "balance"}


@cache
def _notes(books: Books) -> dict[str, list[tuple[Cfdi, Decimal]]]:
    found: dict[str, list[tuple[Cfdi, Decimal]]] = defaultdict(list)
    for key, shares in note_shares(books).items():
        for share in shares:
            found[share.invoice.key].append((books.cfdis[key], share.amount))
    return found


def tier(books: Books, invoice: Cfdi) -> int | None:
    """The weakest evidence of what was paid of it, and stands."""
    events = _payments(books, invoice, is_now=True)
    return max((event.tier for event in events if event.tier), default=None)


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
    return sorted(events, key=_order)


def _order(event: Event) -> tuple[date, Kind, int, str, int]:
    return event.day, event.kind, event.moment, event.source, event.tier or 0


def _payments(books: Books, invoice: Cfdi, *, is_now: bool) -> list[Event]:
    found = _money(books, invoice)
    if not invoice.is_ppd:
        return found
    found += [_of_rep(rest.paid, rest.amount) for rest in matching.matched(books, invoice).rests]
    settled = sum((event.amount for event in found), ZERO)
    if not is_now:
        found += _ended(books, invoice)
    return found + _by_balance(books, invoice, settled)


def _money(books: Books, invoice: Cfdi) -> list[Event]:
    """Payments, what complements cover of them apart from the rest; and refunds."""
    matched = matching.matched(books, invoice).payments if invoice.is_ppd else []
    covered = {row.payment.key: row for row in matched}
    found = []
    for payment, share in matching.paying(books).get(invoice.key, []):
        row, rate = covered.get(payment.key), rate_of(payment, share)
        alone = share.amount
        if row and row.covered > 0:
            alone = row.owed + row.credit
        day, moment = payment.day or books.as_of, payment.moment
        event = Event(day, Kind.PAYMENT, payment.key, alone, rate, moment=moment, tier=3)
        if share.amount != alone:
            told = _rate_told(books, invoice, payment)
            part = share.amount - alone
            found.append(event._replace(amount=part, rate=told or rate, tier=2))
        if alone or not share.amount:
            found.append(event)
        for refund in refund_shares(books, payment).get(invoice.key, []):
            back = event._replace(day=refund.day, kind=Kind.REFUND, amount=-refund.amount)
            found.append(back._replace(moment=refund.moment))
    return found


def _rate_told(books: Books, invoice: Cfdi, payment: Payment) -> Decimal | None:
    """The rate that the last complement tells that names this payment alone."""
    if payment.currency != invoice.currency:
        return None
    keys = {one.key for one, part in matching.paying(books)[invoice.key] if part.amount > 0}
    told = []
    for rep in effective(books, invoice):
        parts = complements.paid_by(books, rep, invoice)
        if keys & {one.payment.key for one in parts if one.payment} == {payment.key}:
            told.append((rep.issue_day, rep.key, parts[0].rate))
    return max(told, key=lambda one: one[:2])[2] if told else None


def _of_rep(paid: complements.Paid, amount: Decimal) -> Event:
    event = Event(paid.day, Kind.PAYMENT, paid.rep.key, amount, paid.rate, tuple(paid.taxes))
    return event._replace(moment=paid.moment, tier=1 if paid.is_text else 2)


def _ended(books: Books, invoice: Cfdi) -> list[Event]:
    """Cancelled or replaced complements counted until then, beyond the payments known today."""
    shares = {one.key: share.amount for one, share in matching.paying(books).get(invoice.key, [])}
    found = []
    for rep in reps_of(books).get(invoice.key, []):
        end = end_days(books).get(rep.key)
        for paid in complements.paid_by(books, rep, invoice) if end else []:
            known = shares.get(paid.payment.key) if paid.payment else None
            if known is None:
                known = sum(shares.values(), ZERO)
            if end and paid.is_evidence and paid.amount > known:
                event = _of_rep(paid, paid.amount - known)
                back = event._replace(day=max(end, event.day), kind=Kind.PAYMENT_REVERSAL)
                found += [event, back._replace(amount=-event.amount)]
    return found


def _by_balance(books: Books, invoice: Cfdi, settled: Decimal) -> list[Event]:
    """What the balance of today tells beyond all else, where nothing later may explain it."""
    balance, silent = invoice.amount("last_balance"), _silent(books, invoice)
    if balance is None or not invoice.is_valid_at(books.as_of) or invoice.status == "cancelled":
        return []
    is_evidenced = bool(reps_of(books).get(invoice.key)) or invoice.key in named_by_payments(books)
    if (is_evidenced and not silent) or _comes_later(books, invoice):
        return []
    notes = _notes(books).get(invoice.key, [])
    standing = (part for note, part in notes if note.status != "cancelled")
    amount = invoice.total - balance - settled - sum(standing, ZERO)
    day = silent or books.seen.get(invoice.key, books.as_of)
    event = Event(day, Kind.PAYMENT, invoice.key, amount, invoice.rate, tier=4)
    return [event] if amount > TOLERANCE and day <= books.as_of else []


def _silent(books: Books, invoice: Cfdi) -> date | None:
    """The last day of a complement that stands and is no evidence of what was paid of it."""
    days = [
        rep.issue_day
        for rep in effective(books, invoice)
        if not any(paid.is_evidence for paid in complements.paid_by(books, rep, invoice))
    ]
    return max(days, default=None)


def _comes_later(books: Books, invoice: Cfdi) -> bool:
    today, key = books.of_all_time, invoice.key
    later = {one.key for one in reps_of(today).get(key, [])}
    if later - {one.key for one in reps_of(books).get(key, [])}:
        return True
    paying = {one.key for one, _ in matching.paying(today).get(key, [])}
    if paying - books.collected.keys():
        return True
    standing = [note for note, _ in _notes(today).get(key, []) if note.status != "cancelled"]
    return any(not note.is_issued_by(books.as_of) for note in standing)
