"""The arithmetic of a CFDI (Anexo 20): lines exact, document amounts to the currency's decimals.

`total = subtotal - discount + transferred - withheld`; a document tax is the rounding of the sum
of its lines, per tax and rate.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
_UNIT = Decimal(1)


class Totals(NamedTuple):
    """Document amounts: `taxes` is what is transferred, `withheld` what the client keeps back."""

    subtotal: Decimal
    discount: Decimal
    taxes: Decimal
    withheld: Decimal
    total: Decimal


_NOTHING = Totals(ZERO, ZERO, ZERO, ZERO, ZERO)


def quantum(currency: str) -> Decimal:
    """The smallest amount of a currency (c_Moneda): yen have no decimals."""
    return _UNIT if currency == "JPY" else CENT


def rounded(amount: Decimal, currency: str = "MXN") -> Decimal:
    return amount.quantize(quantum(currency), ROUND_HALF_UP)


def totals(items: list[dict[str, Any]], currency: str = "MXN") -> Totals:
    """Document amounts of lines that carry quantity, unit_price, discount and taxes."""
    unit = quantum(currency)
    subtotal = discount = Decimal(0)
    if not items:
        return _NOTHING
    bases: dict[tuple[str, Decimal, bool], Decimal] = {}
    for item in items:
        subtotal += item["quantity"] * item["unit_price"]
        discount += item["discount"]
        for tax in item.get("taxes", ()):
            key = (tax["type"], tax["rate"], tax["withholding"])
            bases[key] = bases.get(key, ZERO) + tax["base"]
    transferred = withheld = nothing = ZERO if unit is CENT else Decimal(0)
    for (_, rate, is_withheld), base in bases.items():
        amount = (base * rate).quantize(unit, ROUND_HALF_UP)
        if is_withheld:
            withheld += amount
        else:
            transferred += amount
    subtotal = subtotal.quantize(unit, ROUND_HALF_UP)
    discount = discount.quantize(unit, ROUND_HALF_UP) if discount else nothing
    total = subtotal - discount + transferred - withheld
    return Totals(subtotal, discount, transferred, withheld, total)


def share(amount: Decimal, part: Decimal, before: Decimal, whole: Decimal) -> Decimal:
    """The cents of `amount` that belong to `part` of `whole`, when `before` was settled already.

    Cumulative rounding: the shares of all parts add up to the amount exactly.
    """
    if not whole:
        return ZERO
    until = (amount * (before + part) / whole).quantize(CENT, ROUND_HALF_UP)
    return until - (amount * before / whole).quantize(CENT, ROUND_HALF_UP)
