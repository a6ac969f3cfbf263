"""Which payments of a PPD invoice its complements cover, and which complements cover none."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from . import complements
from .allocation import Share, note_shares, payment_shares, refund_shares
from .amounts import ZERO
from .books import Books
from .cfdi import Cfdi
from .complement_links import effective
from .complements import Paid
from .payment import Payment


@dataclass
class Covered:
    """A payment of an invoice: `kept` of it is for the invoice, `covered` of that complemented."""

    payment: Payment
    share: Share
    refunded: Decimal
    kept: Decimal
    named: Decimal = ZERO
    drawn: Decimal = ZERO
    issued: date | None = None  # by the last complement that covers it

    @property
    def covered(self) -> Decimal:
        return min(self.named, self.kept) + self.drawn

    @property
    def owed(self) -> Decimal:
        return self.kept - self.covered

    @property
    def credit(self) -> Decimal:
        """The client's: what goes beyond the invoice."""
        return max(self.share.amount - self.refunded, ZERO) - self.kept


class Rest(NamedTuple):
    """What a complement says beyond all payments that are known."""

    paid: Paid
    amount: Decimal


class Matched(NamedTuple):
    payments: list[Covered]
    rests: list[Rest]


@cache
def paying(books: Books) -> dict[str, list[tuple[Payment, Share]]]:
    """By key of an invoice: its payments, the earliest first."""
    found: dict[str, list[tuple[Payment, Share]]] = defaultdict(list)
    for key, shares in payment_shares(books).items():
        for share in shares:
            found[share.invoice.key].append((books.collected[key], share))
    return {
        key: sorted(pairs, key=lambda pair: (pair[0].moment, pair[0].key))
        for key, pairs in found.items()
    }


@cache
def matched(books: Books, invoice: Cfdi) -> Matched:
    rows = _kept(books, invoice)
    told = [
        paid
        for rep in effective(books, invoice)
        for paid in complements.paid_by(books, rep, invoice)
    ]
    pool = _pool(rows, told)
    left = sum((one.amount for one in pool), ZERO)
    last = max((one.paid.rep.issue_day for one in pool), default=None)
    for row in rows:
        row.drawn = min(row.kept - min(row.named, row.kept), left)
        left -= row.drawn
        row.issued = row.issued or (last if row.drawn else None)
    explained = sum((row.refunded + row.credit for row in rows), ZERO)
    left = max(left - explained, ZERO)
    return Matched(rows, _last(pool, left))


def _kept(books: Books, invoice: Cfdi) -> list[Covered]:
    """Together they are for no more than the notes leave of the invoice."""
    rows, so_far, most = [], ZERO, ZERO
    for payment, share in paying(books).get(invoice.key, []):
        refunds = refund_shares(books, payment).get(invoice.key, [])
        refunded = sum((refund.amount for refund in refunds), ZERO)
        so_far += max(share.amount - refunded, ZERO)
        room = max(invoice.total - _credited(books, invoice, payment.day or books.as_of), ZERO)
        kept, most = max(min(so_far, room) - most, ZERO), max(most, min(so_far, room))
        rows.append(Covered(payment, share, refunded, kept))
    return rows


def _credited(books: Books, invoice: Cfdi, until: date) -> Decimal:
    return sum(
        (
            share.amount
            for key, shares in note_shares(books).items()
            for share in shares
            if share.invoice is invoice
            and books.cfdis[key].is_valid_at(books.as_of)
            and books.cfdis[key].issue_day <= until
        ),
        ZERO,
    )


def _pool(rows: list[Covered], told: list[Paid]) -> list[Rest]:
    """What names no one payment of the invoice, and what goes beyond the one that it names."""
    paying_keys = {row.payment.key: row for row in rows if row.share.amount > 0}
    by_rep: dict[str, list[Paid]] = defaultdict(list)
    for paid in told:
        by_rep[paid.rep.key].append(paid)
    pool: list[Rest] = []
    naming: dict[str, list[Paid]] = defaultdict(list)
    for parts in by_rep.values():
        names = {one.payment.key for one in parts if one.payment} & paying_keys.keys()
        if len(names) == 1:
            naming[names.pop()] += parts
        else:
            pool += [Rest(one, one.amount) for one in parts]
    for key, parts in naming.items():
        row = paying_keys[key]
        row.named = sum((one.amount for one in parts), ZERO)
        row.issued = max(one.rep.issue_day for one in parts)
        if row.named > row.kept:
            last = max(parts, key=lambda one: one.rep.issue_day)
            last = last._replace(day=row.payment.day or last.day)
            pool.append(Rest(last, row.named - row.kept))
    return sorted(pool, key=_place)


def _place(rest: Rest) -> tuple[date, str, str]:
    payment = rest.paid.payment
    return rest.paid.day, rest.paid.rep.key, payment.key if payment else ""


def _last(pool: list[Rest], left: Decimal) -> list[Rest]:
    """The last of the pool, as much as is left."""
    found = []
    for rest in reversed(pool):
        amount = min(rest.amount, left)
        left -= amount
        if amount > 0 and rest.paid.is_evidence:
            found.append(Rest(rest.paid, amount))
    return found
