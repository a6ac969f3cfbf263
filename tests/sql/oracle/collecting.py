"""What of the taxes of the team's CFDI was collected, document by document, as things stand."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from . import amounts, days
from .allocation import Share, note_shares
from .amounts import ZERO, part_until
from .books import Books
from .cfdi import Cfdi
from .evidence import Event, Kind, events_now
from .settling import Step, collected_steps, held, share
from .taxes import Part

Basis = Literal["sat_prefill", "cash"]
Parts = dict[str, Part]


class Collected(NamedTuple):
    """A part of a document's taxes that was collected (or, negative, given back)."""

    cfdi: Cfdi
    month: date
    label: str
    part: Part
    rate: Decimal | None
    is_estimated: bool = False
    tier: int | None = None

    def mxn(self, amount: Decimal) -> Decimal | None:
        return amounts.mxn(amount, self.cfdi.currency, self.rate)


class Clock(NamedTuple):
    """When money counts, and which taxes are asked for: of a document, and as a REP tells them."""

    basis: Basis
    parts_of: Callable[[Cfdi], Parts]
    told_by: Callable[[Event], Parts]

    def is_at_issue(self, invoice: Cfdi) -> bool:
        """SAT prefills what is paid in one exhibition in the month of its issue."""
        return self.basis == "sat_prefill" and not invoice.is_ppd


def collected(books: Books, clock: Clock) -> Iterator[Collected]:
    for invoice in books.valid("I"):
        if clock.is_at_issue(invoice):
            yield from _whole(invoice, clock.parts_of(invoice))
        else:
            yield from _by_events(books, invoice, clock)
    for note in books.valid("E"):
        yield from _given_back(books, note, clock)


def _whole(cfdi: Cfdi, parts: Parts) -> Iterator[Collected]:
    month = days.month(cfdi.issue_day)
    for label, part in parts.items():
        yield Collected(cfdi, month, label, _times(part, cfdi.sign), cfdi.rate)


def _by_events(books: Books, invoice: Cfdi, clock: Clock) -> Iterator[Collected]:
    parts = clock.parts_of(invoice)
    for step in _of_money(invoice, events_now(books, invoice)):
        event = step.event
        shares = {label: share(part, step, invoice) for label, part in parts.items()}
        told = clock.told_by(event)
        if told:
            kept = {label: part for label, part in shares.items() if label == "not_subject"}
            shares = kept | told
        rate = event.rate if invoice.is_ppd else invoice.rate
        for label, part in shares.items():
            month = days.month(event.day)
            yield Collected(invoice, month, label, part, rate, not told, event.tier)


def _of_money(invoice: Cfdi, events: list[Event]) -> Iterator[Step]:
    """The steps of payments and refunds alone, one after the other."""
    so_far = ZERO
    for step in collected_steps(invoice, events):
        if step.event.kind != Kind.NOTE:
            before, so_far = so_far, so_far + step.after - step.before
            yield Step(step.event, held(before, invoice.total), held(so_far, invoice.total))


def _given_back(books: Books, note: Cfdi, clock: Clock) -> Iterator[Collected]:
    """Of a note only what had been collected of its invoice; nobody can tell of one of none."""
    shares = note_shares(books).get(note.key, [])
    before = ZERO
    for one in shares:
        parts = _slice(note, clock, before, before + one.given)
        before += one.given
        if not clock.is_at_issue(one.invoice):
            excess = _beyond_open(books, note, one)
            if not excess:
                continue
            parts = {
                label: Part(*(amounts.rounded(x * excess / one.amount, note.unit) for x in part))
                for label, part in parts.items()
            }
        yield from _whole(note, parts)


def _beyond_open(books: Books, note: Cfdi, one: Share) -> Decimal:
    """How much of what was collected of the invoice a note gives back."""
    for step in collected_steps(one.invoice, events_now(books, one.invoice)):
        if step.event.kind == Kind.NOTE and step.event.source == note.key:
            return step.before - step.after
    raise LookupError(f"{note.key} is no event of {one.invoice.key}")


def _slice(note: Cfdi, clock: Clock, before: Decimal, after: Decimal) -> Parts:
    """What of the note's own taxes belongs to the part of it between two sums."""

    def part_of(value: Decimal) -> Decimal:
        until = part_until(value, after, note.total, note.unit)
        return until - part_until(value, before, note.total, note.unit)

    return {label: Part(*map(part_of, part)) for label, part in clock.parts_of(note).items()}


def _times(part: Part, sign: int) -> Part:
    return Part(sign * part.base, sign * part.amount)
