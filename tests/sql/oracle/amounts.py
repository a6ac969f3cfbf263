"""Arithmetic of money: one rounding (half up), pesos, and splits whose parts add up."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

ZERO = Decimal(0)
CENT = Decimal("0.01")
TOLERANCE = CENT  # a balance up to here is settled
_WHOLE = ("JPY", "CLP")


def number(value: Any) -> Decimal | None:
    """A number of the JSON, exactly; None when it is absent."""
    return None if value is None or value == "" else Decimal(str(value))


def unit(currency: str) -> Decimal:
    """The smallest amount of a currency (c_Moneda)."""
    return Decimal(1) if currency in _WHOLE else CENT


def rounded(amount: Decimal, to: Decimal = CENT) -> Decimal:
    return amount.quantize(to, ROUND_HALF_UP)


def mxn(amount: Decimal, currency: str, rate: Decimal | None) -> Decimal | None:
    """Pesos at a rate; None when a foreign amount has none."""
    if currency == "MXN":
        return rounded(amount)
    return None if rate is None or rate <= 0 else rounded(amount * rate)


def converted(
    amount: Decimal, of: tuple[str, Decimal | None], to: tuple[str, Decimal | None]
) -> Decimal | None:
    """An amount in the currency of another document, by the currencies and rates of the two."""
    if of[0] == to[0]:
        return amount
    pesos, per_unit = (Decimal(1) if currency == "MXN" else rate for currency, rate in (of, to))
    return rounded(amount * pesos / per_unit, unit(to[0])) if pesos and per_unit else None


def part_until(amount: Decimal, settled: Decimal, whole: Decimal, to: Decimal) -> Decimal:
    """How much of `amount` belongs to the first `settled` of `whole`: parts are differences."""
    return rounded(amount * settled / whole, to) if whole else ZERO


def split(amount: Decimal, weights: Sequence[Decimal], to: Decimal) -> list[Decimal]:
    """Shares in proportion to the weights that add up to `amount`; ties go to the first."""
    whole = sum(weights, ZERO)
    if not whole:
        return [amount if place == 0 else ZERO for place in range(len(weights))]
    exact = [amount * weight / whole for weight in weights]
    shares = [share.quantize(to, ROUND_DOWN) for share in exact]
    left = int((amount - sum(shares, ZERO)) / to)
    by_fraction = sorted(range(len(exact)), key=lambda place: shares[place] - exact[place])
    for place in by_fraction[:left]:
        shares[place] += to
    shares[0] += amount - sum(shares, ZERO)
    return shares
