"""Parts of an invoice's taxes that its events settle: they add up to the whole, to the unit."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from .amounts import ZERO, part_until
from .cfdi import Cfdi
from .evidence import Event
from .taxes import Part


class Step(NamedTuple):
    """An event with how much of the invoice was settled before and after it."""

    event: Event
    before: Decimal
    after: Decimal


def steps(invoice: Cfdi, events: Iterable[Event]) -> Iterator[Step]:
    total, running = invoice.total, ZERO
    for event in events:
        before, running = running, running + event.amount
        yield Step(event, held(before, total), held(running, total))


def held(settled: Decimal, total: Decimal) -> Decimal:
    """Between nothing and all: what is paid beyond the total is not for this invoice."""
    return max(min(settled, total), ZERO)


def share(part: Part, step: Step, invoice: Cfdi) -> Part:
    """What of base and tax this step settles (negative when it takes back)."""
    return Part(*(_share(value, step, invoice) for value in part))


def _share(value: Decimal, step: Step, invoice: Cfdi) -> Decimal:
    until = part_until(value, step.after, invoice.total, invoice.unit)
    return until - part_until(value, step.before, invoice.total, invoice.unit)
