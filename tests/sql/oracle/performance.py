"""DSO, best possible DSO, average days delinquent and CEI by month (Q11)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from . import days
from .amounts import ZERO, rounded
from .books import Books
from .receivables import receivable

RATIO = Decimal("0.0001")


@dataclass(frozen=True)
class Performance:
    """A month as it looked at its end, in pesos; None where there is nothing to divide by."""

    opening_ar: Decimal
    closing_ar: Decimal
    current_ar: Decimal
    credit_sales: Decimal
    credit_sales_3m: Decimal
    dso_1m: Decimal | None
    dso_3m: Decimal | None
    best_possible_dso: Decimal | None
    average_days_delinquent: Decimal | None
    cei_pct: Decimal | None


def performance(books: Books, month_end: date) -> dict[tuple[str, date], Performance]:
    """By team and month (its first day)."""
    first = days.month(month_end)
    quarter = first
    for _ in range(2):
        quarter = days.month(quarter - timedelta(days=1))
    opening = receivable(books, first - timedelta(days=1))
    closing = receivable(books, month_end)
    current = receivable(books, month_end, only_current=True)
    sales, sales_3m = (_credit_sales(books, start, month_end) for start in (first, quarter))
    dso = _days(closing, month_end - first, sales)
    best = _days(current, month_end - first, sales)
    row = Performance(
        opening,
        closing,
        current,
        sales,
        sales_3m,
        dso,
        _days(closing, month_end - quarter, sales_3m),
        best,
        None if dso is None or best is None else dso - best,
        _cei(opening + sales - closing, opening + sales - current),
    )
    return {(books.team, first): row}


def _credit_sales(books: Books, first: date, last: date) -> Decimal:
    sold = (one for one in books.valid("I", last) if one.is_ppd and one.issue_day >= first)
    return sum((invoice.mxn(invoice.total) or ZERO for invoice in sold), ZERO)


def _days(owed: Decimal, period: timedelta, sales: Decimal) -> Decimal | None:
    return rounded(owed * (period.days + 1) / sales) if sales else None


def _cei(collected: Decimal, collectable: Decimal) -> Decimal | None:
    return rounded(collected / collectable, RATIO) if collectable > 0 else None
