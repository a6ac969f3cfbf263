"""Which collected payments of PPD invoices still need a complement, and by when (Q16)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from . import complements, days
from .allocation import payment_shares, refund_shares
from .amounts import TOLERANCE, ZERO
from .books import Books
from .cfdi import Cfdi
from .payment import Payment


@dataclass(frozen=True)
class Owed:
    """One payment of one invoice."""

    payment_date: date
    paid_amount: Decimal
    rep_amount: Decimal
    owed_amount: Decimal
    rep_due_date: date
    rep_issue_date: date | None
    rep_status: str


def rep_owed(books: Books) -> dict[tuple[str, str, str], Owed]:
    """By team, payment and invoice key."""
    paid: dict[str, list[tuple[Payment, Decimal]]] = defaultdict(list)
    for key, shares in payment_shares(books).items():
        payment = books.collected[key]
        refunds = refund_shares(books, payment)
        for share in shares:
            invoice = share.invoice
            given_back = sum((one.amount for one in refunds.get(invoice.key, [])), ZERO)
            kept = share.amount - given_back
            if invoice.is_ppd and invoice.is_valid_at(books.as_of) and kept > TOLERANCE:
                paid[invoice.key].append((payment, kept))
    return {
        (books.team, payment.key, key): row
        for key, payments in paid.items()
        for payment, row in _of_invoice(books, books.cfdis[key], payments)
    }


def _of_invoice(
    books: Books, invoice: Cfdi, payments: list[tuple[Payment, Decimal]]
) -> list[tuple[Payment, Owed]]:
    """Payments come in order of time and key: the pool goes to the earliest first."""
    keys = {payment.key for payment, _ in payments}
    named: dict[str, Decimal] = defaultdict(Decimal)
    told: dict[str, date] = {}
    pool, pool_days = ZERO, []
    for rep in complements.effective(books, invoice):
        told_amounts = [one.amount for one in complements.paid_by(books, rep, invoice)]
        if not told_amounts:
            continue
        amount = sum(told_amounts, ZERO)
        names = keys & {payment.key for payment in complements.payments_of(books)[rep.key]}
        if len(names) == 1:
            name = names.pop()
            named[name] += amount
            told[name] = max(rep.issue_day, told.get(name, rep.issue_day))
        else:
            pool += amount
            pool_days.append(rep.issue_day)
    for payment, kept in payments:
        if named[payment.key] > kept:
            pool += named[payment.key] - kept
            pool_days.append(told[payment.key])
    rows = []
    for payment, kept in payments:
        direct = min(named[payment.key], kept)
        drawn = min(kept - direct, pool)
        pool -= drawn
        issued = told.get(payment.key) or (max(pool_days) if drawn else None)
        rows.append((payment, _row(books, payment, kept, direct + drawn, issued)))
    return rows


def _row(
    books: Books, payment: Payment, paid: Decimal, complemented: Decimal, issued: date | None
) -> Owed:
    day = payment.day or books.as_of
    owed, due = paid - complemented, days.rep_due_date(day)
    if owed > TOLERANCE:
        status = "pending_in_term" if books.as_of <= due else "overdue"
    else:
        status = "issued_on_time" if issued and issued <= due else "issued_late"
    return Owed(day, paid, complemented, owed, due, issued, status)
