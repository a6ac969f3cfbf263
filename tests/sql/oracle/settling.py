"""Parts of an invoice's taxes that its events settle: they add up to the whole, to the unit."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from .amounts import ZERO, part_until
from .cfdi import Cfdi
from .evidence import Event, Kind
from .taxes import Part


class Step(NamedTuple):
    """An event with how much of the invoice was collected before and after it."""

    event: Event
    before: Decimal
    after: Decimal


def settled_steps(invoice: Cfdi, events: Iterable[Event]) -> Iterator[Step]:
    """Everything that settles it, between nothing and all: for what is pending of it."""
    total, running = invoice.total, ZERO
    for event in events:
        before, running = running, running + event.amount
        yield Step(event, held(before, total), held(running, total))


def collected_steps(invoice: Cfdi, events: Iterable[Event]) -> Iterator[Step]:
    """Money up to what notes leave of it; a note takes back what was collected beyond that."""
    money = credited = ZERO
    for event in events:
        before = _collected(invoice, money, credited)
        if event.kind in (Kind.NOTE, Kind.NOTE_REVERSAL):
            credited += event.amount
        else:
            money += event.amount
        yield Step(event, before, _collected(invoice, money, credited))


def _collected(invoice: Cfdi, money: Decimal, credited: Decimal) -> Decimal:
    return max(min(money, invoice.total - credited), ZERO)


def held(settled: Decimal, total: Decimal) -> Decimal:
    """Between nothing and all: what is paid beyond the total is not for this invoice."""
    return max(min(settled, total), ZERO)


def share(part: Part, step: Step, invoice: Cfdi) -> Part:
    """What of base and tax this step settles (negative when it takes back)."""
    return Part(*(_share(value, step, invoice) for value in part))


def _share(value: Decimal, step: Step, invoice: Cfdi) -> Decimal:
    until = part_until(value, step.after, invoice.total, invoice.unit)
    return until - part_until(value, step.before, invoice.total, invoice.unit)
