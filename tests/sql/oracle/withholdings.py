"""ISR and IVA that clients withheld from the team, by client and month (Q14)."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from . import days
from .amounts import rounded
from .books import Books
from .collecting import Clock, collected
from .tables import Measures, add, rows_of
from .taxes import withheld

Key = tuple[str, str | None, date, str, str]
RATE_UNIT = Decimal("0.000001")
_row = rows_of("base", "base_mxn", "withheld", "withheld_mxn")


def withheld_billed(books: Books) -> dict[Key, Measures]:
    """By team, client, month of issue, tax and currency: invoices less credit notes."""
    found: dict[Key, Measures] = defaultdict(_row)
    for cfdi in (*books.valid("I"), *books.valid("E")):
        for tax, part in withheld(cfdi).items():
            row = found[cfdi.team, cfdi.client, days.month(cfdi.issue_day), tax, cfdi.currency]
            for name, amount in (("base", part.base), ("withheld", part.amount)):
                pesos = cfdi.mxn(amount)
                add(row, name, cfdi.sign * amount)
                add(row, f"{name}_mxn", cfdi.sign * pesos if pesos is not None else None)
    return dict(found)


def withheld_collected(books: Books) -> dict[Key, Measures]:
    """The same, in the month in which the invoice was collected: creditable from then on."""
    found: dict[Key, Measures] = defaultdict(_row)
    for one in collected(books, Clock("cash", withheld, lambda _: {})):
        cfdi = one.cfdi
        row = found[cfdi.team, cfdi.client, one.month, one.label, cfdi.currency]
        for name, amount in (("base", one.part.base), ("withheld", one.part.amount)):
            add(row, name, amount)
            add(row, f"{name}_mxn", one.mxn(amount))
    return dict(found)


def effective_rate(row: Measures) -> Decimal | None:
    return rounded(row["withheld"] / row["base"], RATE_UNIT) if row["base"] else None
