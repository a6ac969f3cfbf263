"""Income on a cash basis, net of taxes, by month and currency: informative (Q15)."""

from collections import defaultdict
from datetime import date

from .amounts import ZERO
from .books import Books
from .cfdi import Cfdi
from .collecting import Basis, Clock, Collected, Parts, collected
from .evidence import TIERS
from .tables import Measures, add, rows_of
from .taxes import Part

Key = tuple[str, date, str]
REGIMES = ("612", "625", "626")  # c_RegimenFiscal: those whose income counts when collected
SOURCES = ("income_ppd", "income_pue", "credit_notes", "income_collected")
EVIDENCES = tuple(f"income_{name}_mxn" for name in (*TIERS.values(), "cfdi"))
_row = rows_of("invoices_count", *SOURCES, *(f"{name}_mxn" for name in SOURCES), *EVIDENCES)


def income_collected(books: Books, basis: Basis = "cash") -> dict[Key, Measures]:
    """By team, month of collection and currency; nothing for a team of another regime."""
    found: dict[Key, Measures] = defaultdict(_row)
    if books.record.get("tax_system") not in REGIMES:
        return {}
    counted: set[tuple[Key, str]] = set()
    for one in collected(books, Clock(basis, _net, lambda _: {})):
        key = (books.team, one.month, one.cfdi.currency)
        if one.cfdi.kind == "E":
            _add(found[key], one, "credit_notes", -1)
            continue
        _add(found[key], one, "income_ppd" if one.cfdi.is_ppd else "income_pue")
        evidence = TIERS[one.tier] if one.tier else "cfdi"
        add(found[key], f"income_{evidence}_mxn", one.mxn(one.part.base))
        add(found[key], "invoices_count", (key, one.cfdi.key) not in counted)
        counted.add((key, one.cfdi.key))
    return dict(found)


def _net(cfdi: Cfdi) -> Parts:
    return {"net": Part(cfdi.net, ZERO)}


def _add(row: Measures, one: Collected, source: str, sign: int = 1) -> None:
    """What a note gives back is positive in its own column, and negative in the income."""
    net, pesos = one.part.base, one.mxn(one.part.base)
    add(row, source, sign * net)
    add(row, "income_collected", net)
    add(row, f"{source}_mxn", sign * pesos if pesos is not None else None)
    add(row, "income_collected_mxn", pesos)
