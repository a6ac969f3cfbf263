"""Receivables: open items, ageing at any day, roll-forward (questions Q7 to Q9)."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from . import days
from .amounts import TOLERANCE, ZERO
from .books import Books
from .cfdi import Cfdi
from .evidence import TIERS, Kind, events_then, tier
from .tables import Measures, add, rows_of

STANDARD = (
    (0, "0 Por vencer"),
    (30, "1 1-30"),
    (60, "2 31-60"),
    (90, "3 61-90"),
    (120, "4 91-120"),
)
GIGSTACK = ((15, "0-15"), (30, "16-30"), (60, "31-60"), (90, "61-90"))
AgeingKey = tuple[str, str | None, str, date, str]
_COLLECTED = (Kind.PAYMENT, Kind.REFUND, Kind.PAYMENT_REVERSAL)


@dataclass(frozen=True)
class OpenItem:
    """A PPD invoice that is owed at a day (or was paid too much: then negative)."""

    invoice: Cfdi
    open_balance: Decimal
    open_balance_mxn: Decimal | None
    paid_to_invoice: Decimal
    credit_notes_allocated: Decimal
    due_date: date
    due_date_basis: str
    days_past_due: int
    aging_bucket: str
    aging_bucket_gigstack: str
    evidence_tier: str | None


def open_items(books: Books, cut: date) -> dict[tuple[str, str], OpenItem]:
    """By team and invoice key: what is open at the end of the day `cut`."""
    found = {}
    for invoice in books.valid("I", cut):
        if invoice.is_ppd:
            item = _item(books, invoice, cut)
            if abs(item.open_balance) > TOLERANCE:
                found[invoice.team, invoice.key] = item
    return found


def _item(books: Books, invoice: Cfdi, cut: date) -> OpenItem:
    happened = [event for event in events_then(books, invoice) if event.day <= cut]
    paid = sum((one.amount for one in happened if one.kind in _COLLECTED), ZERO)
    credited = sum((one.amount for one in happened if one.kind not in _COLLECTED), ZERO)
    balance = invoice.total - paid - credited
    due, basis = _due(books, invoice)
    best = tier(books, invoice)
    return OpenItem(
        invoice,
        balance,
        invoice.mxn(balance),
        paid,
        credited,
        due,
        basis,
        (cut - due).days,
        bucket((cut - due).days, STANDARD, "5 >120"),
        bucket((cut - invoice.created_day).days, GIGSTACK, ">90"),
        TIERS[best] if best else None,
    )


def _due(books: Books, invoice: Cfdi) -> tuple[date, str]:
    client = next((one for one in books.clients if one["id"] == invoice.client), {})
    terms = (client.get("metadata") or {}).get("payment_terms_days", books.terms_days)
    if terms is None:
        return invoice.issue_day, "issue"
    return invoice.issue_day + timedelta(days=int(terms)), "terms"


def bucket(age: int, limits: tuple[tuple[int, str], ...], last: str) -> str:
    return next((name for limit, name in limits if age <= limit), last)


_ageing_row = rows_of("open_balance", "open_balance_mxn", "invoices_count")


def ageing(
    books: Books, cuts: list[date], *, is_gigstack: bool = False
) -> dict[AgeingKey, Measures]:
    """One row a team, client, currency, day and bucket that has open items."""
    found: dict[AgeingKey, Measures] = defaultdict(_ageing_row)
    for cut in cuts:
        for item in open_items(books, cut).values():
            name = item.aging_bucket_gigstack if is_gigstack else item.aging_bucket
            invoice = item.invoice
            row = found[invoice.team, invoice.client, invoice.currency, cut, name]
            add(row, "open_balance", item.open_balance)
            add(row, "open_balance_mxn", item.open_balance_mxn)
            add(row, "invoices_count", 1)
    return dict(found)


STEPS = ("invoiced_ppd", "collected", "credit_notes", "cancelled")
_rollforward_row = rows_of(
    *(f"{name}{suffix}" for name in ("opening", *STEPS, "closing") for suffix in ("", "_mxn"))
)


def rollforward(books: Books) -> dict[tuple[str, str, date], Measures]:
    """By team, currency and month: what took the receivables from opening to closing."""
    steps: dict[tuple[str, date], Measures] = defaultdict(_rollforward_row)
    for invoice in books.issued("I"):
        if invoice.is_ppd:
            for day, name, amount, pesos in _movements(books, invoice):
                row = steps[invoice.currency, days.month(day)]
                add(row, name, amount)
                add(row, f"{name}_mxn", pesos)
    return _carried(books, steps)


def _movements(books: Books, invoice: Cfdi) -> Iterator[tuple[date, str, Decimal, Decimal | None]]:
    """Its steps in order; pesos are differences of the rounded balance, so that they add up."""
    balance = ZERO
    for day, name, change in _changes(books, invoice):
        before, balance = balance, balance + change
        pesos = _difference(invoice.mxn(balance), invoice.mxn(before))
        sign = 1 if name == "invoiced_ppd" else -1
        yield day, name, sign * change, None if pesos is None else sign * pesos


def _changes(books: Books, invoice: Cfdi) -> Iterator[tuple[date, str, Decimal]]:
    yield invoice.issue_day, "invoiced_ppd", invoice.total
    balance = invoice.total
    for event in events_then(books, invoice):
        name = "collected" if event.kind in _COLLECTED else "credit_notes"
        balance -= event.amount
        yield event.day, name, -event.amount
    if invoice.cancel_day and invoice.cancel_day <= books.as_of:
        yield invoice.cancel_day, "cancelled", -balance


def _difference(after: Decimal | None, before: Decimal | None) -> Decimal | None:
    return None if after is None or before is None else after - before


def _carried(
    books: Books, steps: dict[tuple[str, date], Measures]
) -> dict[tuple[str, str, date], Measures]:
    found = {}
    for currency in {currency for currency, _ in steps}:
        first = min(at for one, at in steps if one == currency)
        closing = {"": ZERO, "_mxn": ZERO}
        for at in days.months(first, books.as_of):
            row = dict(steps.get((currency, at), _rollforward_row()))
            for suffix in closing:
                row["opening" + suffix] = closing[suffix]
                out = (row[name + suffix] for name in STEPS[1:])
                closing[suffix] += row["invoiced_ppd" + suffix] - sum(out, ZERO)
                row["closing" + suffix] = closing[suffix]
            found[books.team, currency, at] = row
    return found


def receivable(books: Books, cut: date, *, only_current: bool = False) -> Decimal:
    """Pesos owed at a day; `only_current` leaves out what is past due."""
    items = open_items(books, cut).values()
    owed = (one for one in items if not only_current or one.days_past_due <= 0)
    return sum((one.open_balance_mxn or ZERO for one in owed), ZERO)


def month_ends(books: Books, number: int) -> list[date]:
    """The last ends of months before the day of the books, the latest last."""
    at, found = days.month(books.as_of), []
    for _ in range(number):
        at = days.month(at - timedelta(days=1))
        found.append(days.month_end(at))
    return found[::-1]
