"""Revenue by issue month, net of credit notes and cancellations (questions Q1 and Q3)."""

from collections import defaultdict
from datetime import date

from . import days
from .books import Books
from .cfdi import Cfdi
from .tables import Measures, add, rows_of

Key = tuple[str, date, str | None, str]

_SUMS = (
    "income_net",
    "credit_notes_net",
    "gross_invoiced",
    "cancelled_net",
    "cancelled_later_net",
)
_COUNTS = ("invoices_count", "credit_notes_count", "fx_missing_count")
_row = rows_of(*_SUMS, *(f"{name}_mxn" for name in _SUMS), *_COUNTS)


def revenue(books: Books) -> dict[Key, Measures]:
    """One row a team, month of issue, client and currency; amounts of notes are positive."""
    found: dict[Key, Measures] = defaultdict(_row)
    for kind in ("I", "E"):
        for cfdi in books.issued(kind):
            if cfdi.is_valid_at(books.as_of):
                _add_valid(found[_key(cfdi)], cfdi)
            elif kind == "I":
                _add_cancelled(found[_key(cfdi)], cfdi)
    for row in found.values():
        for suffix in ("", "_mxn"):
            net = row["income_net" + suffix] - row["credit_notes_net" + suffix]
            row["invoiced_revenue" + suffix] = net
    return dict(found)


def _key(cfdi: Cfdi) -> Key:
    return cfdi.team, days.month(cfdi.issue_day), cfdi.client, cfdi.currency


def _add_valid(row: Measures, cfdi: Cfdi) -> None:
    side = "income" if cfdi.kind == "I" else "credit_notes"
    add(row, "invoices_count" if cfdi.kind == "I" else "credit_notes_count", 1)
    add(row, f"{side}_net", cfdi.net)
    add(row, f"{side}_net_mxn", cfdi.mxn(cfdi.net))
    add(row, "gross_invoiced", cfdi.sign * cfdi.total)
    total = cfdi.mxn(cfdi.total)
    add(row, "gross_invoiced_mxn", cfdi.sign * total if total is not None else None)
    add(row, "fx_missing_count", total is None)


def _add_cancelled(row: Measures, cfdi: Cfdi) -> None:
    is_later = cfdi.cancel_day and days.month(cfdi.cancel_day) > days.month(cfdi.issue_day)
    for name in ("cancelled_net", "cancelled_later_net") if is_later else ("cancelled_net",):
        add(row, name, cfdi.net)
        add(row, f"{name}_mxn", cfdi.mxn(cfdi.net))
