"""How payments and credit notes fall on invoices, one after the other."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from . import amounts, complement_links
from .amounts import CENT, ZERO
from .books import Books
from .cfdi import Cfdi
from .payment import Payment, Refund

Source = Cfdi | Payment
CREDITING = ("01", "03", "07")
TOLD, OWN_CURRENCY, OTHER_CURRENCY, SETTLED, BEYOND = range(5)


class Share(NamedTuple):
    """A part of a credit note or payment: in its invoice's currency, and `given` in its own."""

    invoice: Cfdi
    amount: Decimal
    given: Decimal
    method: str
    rate: Decimal | None = None  # pesos of a unit of the invoice's currency, where it implies one


class Move(NamedTuple):
    """What settled an invoice before: a payment (or, negative, its refund) or a valid note."""

    day: date
    name: str
    amount: Decimal


@dataclass
class Ledger:
    """What each invoice has: plain money and notes by day, and parts of what was shared so far."""

    money: dict[str, list[Move]] = field(default_factory=lambda: defaultdict(list))
    notes: dict[str, list[Move]] = field(default_factory=lambda: defaultdict(list))
    shared_money: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    shared_notes: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


@cache
def note_shares(books: Books) -> dict[str, list[Share]]:
    """Shares of every credit note issued so far that relates to invoices; cancelled ones too."""
    found = _shares(books)
    return {note.key: found[note.key] for note in books.issued("E") if note.key in found}


@cache
def payment_shares(books: Books) -> dict[str, list[Share]]:
    """Shares of every collected payment that has invoices, in the invoices' currency."""
    found = _shares(books)
    return {key: found[key] for key in books.collected if key in found}


@cache
def named_by_payments(books: Books) -> set[str]:
    """Invoices that a collected payment is for, also when nobody can tell how much of it."""
    found: set[str] = set()
    for payment in books.collected.values():
        candidates = books.candidates(books.invoice_keys_of_payment[payment.key])
        found |= {one.key for one in _payable(payment, candidates) or candidates}
    return found


def _targets(books: Books, source: Source) -> list[Cfdi]:
    if isinstance(source, Payment):
        keys = books.invoice_keys_of_payment[source.key]
    else:
        keys = {one.key for one in books.standing(_credited(books, source)) if one.kind == "I"}
    return _payable(source, books.candidates(keys))


def _credited(books: Books, note: Cfdi) -> list[str]:
    """What it relates to; of one that only replaces others, what the nearest of those relate to."""
    reached, seen = [note], {note.key}
    while reached:
        names = [name for one in reached for name in _invoices_named(books, one)]
        if names:
            return names
        olds = [old for old in books.cfdis.values() for new in reached if new in _news(books, old)]
        reached = [old for old in olds if old.key not in seen]
        seen |= {old.key for old in reached}
    return []


def _invoices_named(books: Books, note: Cfdi) -> list[str]:
    return [one.key for one in books.named(note.related(*CREDITING)) if one.kind == "I"]


def _news(books: Books, old: Cfdi) -> list[Cfdi]:
    return books.replacements[old.key]


@cache
def _shares(books: Books) -> dict[str, list[Share]]:
    """Plain ones whole; then the shared ones, by day, payments before notes, by id."""
    sources: list[Source] = [*books.collected.values(), *books.issued("E")]
    targets = {source.key: _targets(books, source) for source in sources}
    ledger, found, shared = Ledger(), {}, []
    for source in sources:
        named = targets[source.key]
        if not named:
            continue
        if len(named) > 1 or named[0].currency != source.currency:
            shared.append(source)
            continue
        found[source.key] = [Share(named[0], _worth(source), _worth(source), "single")]
        _enter(books, ledger, source, named[0])
    for source in sorted(
        shared, key=lambda one: (_day(books, one), isinstance(one, Cfdi), one.key)
    ):
        found[source.key] = _share(books, ledger, source, targets[source.key])
        for share in found[source.key]:
            if isinstance(source, Payment):
                ledger.shared_money[share.invoice.key] += share.amount
            elif source.is_valid_at(books.as_of):
                ledger.shared_notes[share.invoice.key] += share.amount
    return found


def _enter(books: Books, ledger: Ledger, source: Source, invoice: Cfdi) -> None:
    if isinstance(source, Payment):
        moves = ledger.money[invoice.key]
        moves.append(Move(_day(books, source), source.key, source.amount))
        for refund in source.refunds(books.as_of):
            moves.append(Move(refund.day, source.key, -refund.amount))
    elif source.is_valid_at(books.as_of):
        ledger.notes[invoice.key].append(Move(source.issue_day, source.key, source.total))


def _day(books: Books, source: Source) -> date:
    return source.issue_day if isinstance(source, Cfdi) else source.day or books.as_of


def _open(books: Books, ledger: Ledger, source: Source, invoice: Cfdi) -> Decimal:
    """What is open of an invoice when a shared source comes."""
    day, key = _day(books, source), invoice.key
    money = sum((one.amount for one in ledger.money[key] if one.day <= day), ZERO)
    told = (
        one.rep.total
        for one in complement_links.lone(books)
        if one.invoice is invoice
        and one.rep.currency == invoice.currency
        and one.day <= day
        and not (one.payment and one.payment is source)
    )
    notes = (
        one.amount
        for one in ledger.notes[key]
        if (
            one.day <= day
            if isinstance(source, Payment)
            else (one.day, one.name) < (day, source.key)
        )
    )
    paid = max(money + ledger.shared_money[key], sum(told, ZERO))
    credited = sum(notes, ZERO) + ledger.shared_notes[key]
    return max(invoice.total - paid - credited, ZERO)


def _told(books: Books, source: Source, invoice: Cfdi) -> Decimal:
    return sum(
        (
            one.rep.total
            for one in complement_links.lone(books)
            if one.payment is source
            and one.invoice is invoice
            and one.rep.currency == source.currency
        ),
        ZERO,
    )


def _share(books: Books, ledger: Ledger, source: Source, targets: list[Cfdi]) -> list[Share]:
    """Level by level: told, open in its own currency, open in others, settled, whatever is left."""
    is_payment, is_one = isinstance(source, Payment), len(targets) == 1
    opens = [_open(books, ledger, source, target) for target in targets]
    wholes = [_in_currency_of_source(target.total, source, target) for target in targets]
    in_source = [
        min(_in_currency_of_source(amount, source, target), whole)
        for amount, target, whole in zip(opens, targets, wholes, strict=True)
    ]
    told = [
        min(_told(books, source, target), amount) if is_payment and not is_one else ZERO
        for target, amount in zip(targets, in_source, strict=True)
    ]
    is_own = [target.currency == source.currency for target in targets]
    takes_rest = is_payment and not is_one and is_own.count(False) == 1
    left, toward, beyond = _worth(source), [ZERO] * len(targets), [ZERO] * len(targets)
    for level in range(5):
        capacities = {
            TOLD: told,
            OWN_CURRENCY: [
                x - t if own else ZERO for x, t, own in zip(in_source, told, is_own, strict=True)
            ],
            OTHER_CURRENCY: [
                ZERO if own else left if takes_rest else x - t
                for x, t, own in zip(in_source, told, is_own, strict=True)
            ],
            SETTLED: [whole - x for whole, x in zip(wholes, in_source, strict=True)],
            BEYOND: wholes,
        }[level]
        amount = left if level == BEYOND else min(left, sum(capacities, ZERO))
        if amount <= ZERO:
            continue
        parts = _split(amount, capacities, source)
        kept = toward if level < SETTLED else beyond
        kept[:] = [one + part for one, part in zip(kept, parts, strict=True)]
        left -= amount
    return list(_valued(source, targets, opens, in_source, toward, beyond))


def _split(amount: Decimal, weights: list[Decimal], source: Source) -> list[Decimal]:
    equal = [Decimal(1)] * len(weights)
    return amounts.split(
        amount, weights if sum(weights, ZERO) else equal, amounts.unit(source.currency)
    )


def _valued(
    source: Source,
    targets: list[Cfdi],
    opens: list[Decimal],
    in_source: list[Decimal],
    toward: list[Decimal],
    beyond: list[Decimal],
) -> Iterator[Share]:
    """In the invoice's money: at the documents' rates, or just what is open where it comes near."""
    is_one = len(targets) == 1
    foreign = sum(target.currency != source.currency for target in targets)
    for target, was_open, x, t, b in zip(targets, opens, in_source, toward, beyond, strict=True):
        near, rest = (in_currency_of(part, source, target) or ZERO for part in (t, b))
        worth = near + rest if is_one else near
        balance = target.amount("last_balance")
        is_exchange = (
            isinstance(source, Payment)
            and target.currency != source.currency
            and was_open > 0
            and (is_one or foreign == 1 or t >= x)
            and abs(worth - was_open) * 4 <= was_open
            and (worth > was_open or (balance is not None and abs(balance) <= CENT))
        )
        amount = was_open + (ZERO if is_one else rest) if is_exchange else near + rest
        rate = None
        if is_exchange:
            pesos = amounts.mxn(t + b, source.currency, source.rate)
            rate = (
                amounts.rounded(pesos / amount, Decimal("0.000001")) if pesos is not None else None
            )
        yield Share(target, amount, t + b, "single" if is_one else "prorata", rate)


def _payable(source: Source, candidates: list[Cfdi]) -> list[Cfdi]:
    """Those whose currency the source's can be converted into."""
    return [one for one in candidates if in_currency_of(_worth(source), source, one) is not None]


def _worth(source: Source) -> Decimal:
    return source.amount if isinstance(source, Payment) else source.total


def refund_shares(books: Books, payment: Payment) -> dict[str, list[Refund]]:
    """The refunds of an allocated payment, by the key of the invoice they fall on: as it did."""
    shares = payment_shares(books)[payment.key]
    unit = amounts.unit(payment.currency)
    found: dict[str, list[Refund]] = defaultdict(list)
    for refund in payment.refunds(books.as_of):
        parts = amounts.split(refund.amount, [share.given for share in shares], unit)
        for share, part in zip(shares, parts, strict=True):
            amount = in_currency_of(part, payment, share.invoice) or ZERO
            if share.rate:
                whole = share.given
                amount = amounts.part_until(share.amount, part, whole, share.invoice.unit)
            found[share.invoice.key].append(refund._replace(amount=amount))
    return found


def in_currency_of(amount: Decimal, source: Source, invoice: Cfdi) -> Decimal | None:
    """Money of a payment or note in the invoice's currency, at the rates of the two documents."""
    of, to = ((one.currency, one.rate) for one in (source, invoice))
    return amounts.converted(amount, of, to)


def _in_currency_of_source(amount: Decimal, source: Source, invoice: Cfdi) -> Decimal:
    of, to = ((one.currency, one.rate) for one in (invoice, source))
    return amounts.converted(amount, of, to) or ZERO


def rate_of(payment: Payment, share: Share) -> Decimal | None:
    """Pesos of a unit of the invoice's currency, as it was paid."""
    if payment.currency == share.invoice.currency:
        return payment.rate
    return share.rate or share.invoice.rate
