"""Which collected payments of PPD invoices still need a complement, and by when (Q16)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from . import days
from .amounts import TOLERANCE
from .books import Books
from .matching import matched
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
    return {
        (books.team, row.payment.key, invoice.key): _row(
            books, row.payment, row.kept, row.covered, row.issued
        )
        for invoice in books.valid("I")
        if invoice.is_ppd
        for row in matched(books, invoice).payments
        if row.kept > TOLERANCE
    }


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
