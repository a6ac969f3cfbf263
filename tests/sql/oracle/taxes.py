"""The taxes of a CFDI by tax, factor and rate: worked out from its lines, held to its header."""

from collections import defaultdict
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from . import amounts
from .amounts import ZERO, number
from .cfdi import Cfdi

_CODES = range(1, 9)  # of c_ObjetoImp, which the API shows in the place of a base
_LINE = Decimal("0.000001")  # amounts of lines have six decimals
RATE_CLASSES = {Decimal("0.16"): "16", Decimal("0.08"): "8", ZERO: "0"}


class Group(NamedTuple):
    """What a CFDI totals taxes by."""

    tax: str
    factor: str
    rate: Decimal
    is_withheld: bool


class Part(NamedTuple):
    """Base and tax, in the currency of the document."""

    base: Decimal
    amount: Decimal


FEDERAL = ("IVA", "ISR", "IEPS")
UNKNOWN = Group("", "", ZERO, False)


@cache
def groups(cfdi: Cfdi) -> dict[Group, Part]:
    """Base and amount of each group; the amounts sum to the header's `taxes` and withholdings."""
    bases: dict[Group, Decimal] = defaultdict(Decimal)
    taxes: dict[Group, Decimal] = defaultdict(Decimal)
    for item in cfdi.items:
        for tax in item.get("taxes") or []:
            group, base = _group(tax), _base(item, tax)
            bases[group] += base
            taxes[group] += _amount(item, group, base)
    found = {}
    for is_withheld, header in ((False, "taxes"), (True, "withholding_taxes")):
        side = {
            group: amounts.rounded(taxes[group], cfdi.unit)
            for group in sorted(taxes)
            if group.is_withheld == is_withheld
        }
        for group, amount in _held_to(cfdi.amount(header), side, is_withheld, cfdi.unit).items():
            found[group] = Part(amounts.rounded(bases[group], cfdi.unit), amount)
    if not cfdi.items:
        told = cfdi.amount("taxes")
        if told is None:
            told = cfdi.total - cfdi.net + (cfdi.amount("withholding_taxes") or ZERO)
        found[UNKNOWN] = Part(cfdi.net, told)
    return found


def _group(tax: dict[str, Any]) -> Group:
    rate = number(tax.get("rate"))
    factor = str(tax.get("factor") or ("Exento" if rate is None else "Tasa")).lower()
    return Group(str(tax["type"]).upper(), factor, rate or ZERO, bool(tax.get("withholding")))


def net(item: dict[str, Any]) -> Decimal:
    """Price less discount, without the taxes that the price includes; six decimals, as a line."""
    gross = Decimal(str(item["quantity"])) * Decimal(str(item["unit_price"]))
    charged = gross - (number(item.get("discount")) or ZERO)
    inside: dict[bool, Decimal] = defaultdict(Decimal)  # by whether it is excise
    excise = ZERO
    for tax in item.get("taxes") or []:
        group = _group(tax)
        if group.factor == "tasa" and not group.is_withheld:
            excise += group.rate if group.tax == "IEPS" else ZERO
            inside[group.tax == "IEPS"] += group.rate if tax.get("inclusive") else ZERO
    return amounts.rounded(charged / (1 + inside[True] + inside[False] * (1 + excise)), _LINE)


def _base(item: dict[str, Any], tax: dict[str, Any]) -> Decimal:
    """Its own; else the net of the line, for IVA with the line's excise."""
    base, bare = number(tax.get("base")), net(item)
    if base is not None and (base not in _CODES or base == bare):
        return base
    if _group(tax).tax != "IVA":
        return bare
    others = ((_group(one), one) for one in item["taxes"])
    excise = (
        _amount(item, group, _base(item, one))
        for group, one in others
        if group.tax == "IEPS" and not group.is_withheld
    )
    return amounts.rounded(bare + sum(excise, ZERO), _LINE)


def _amount(item: dict[str, Any], group: Group, base: Decimal) -> Decimal:
    """A rate of the base, or a fee for each unit (Cuota)."""
    if group.factor == "cuota":
        return Decimal(str(item["quantity"])) * group.rate
    return base * group.rate if group.factor == "tasa" else ZERO


def _held_to(
    header: Decimal | None, side: dict[Group, Decimal], is_withheld: bool, unit: Decimal
) -> dict[Group, Decimal]:
    told = sum(side.values(), ZERO)
    if header is None or header == told:
        return side
    local = {group: amount for group, amount in side.items() if group.tax not in FEDERAL}
    federal = told - sum(local.values(), ZERO)
    if federal < told and abs(header - federal) <= abs(header - told):
        rest = {group: amount for group, amount in side.items() if group not in local}
        return _held_to(header, rest, is_withheld, unit) | local
    if not told:
        return side | {UNKNOWN._replace(is_withheld=is_withheld): header}
    shares = amounts.split(header, list(side.values()), unit)
    return dict(zip(side, shares, strict=True))


@cache
def iva(cfdi: Cfdi) -> dict[str, Part]:
    """Transferred IVA by class of rate; lines without any are `not_subject`."""
    found: dict[str, Part] = {}
    for group, part in groups(cfdi).items():
        if not group.is_withheld and group.tax in ("IVA", ""):
            name = rate_class(group.factor, group.rate) if group.tax else "unknown"
            found[name] = _sum(found.get(name), part)
    without = [item for item in cfdi.items if not _transfers_iva(item)]
    if without:
        base = sum((net(item) for item in without), ZERO)
        found["not_subject"] = Part(amounts.rounded(base, cfdi.unit), ZERO)
    return found


@cache
def withheld(cfdi: Cfdi) -> dict[str, Part]:
    """What the client kept back, by tax."""
    found: dict[str, Part] = {}
    for group, part in groups(cfdi).items():
        if group.is_withheld:
            name = group.tax or "unknown"
            found[name] = _sum(found.get(name), part)
    return found


def rate_class(factor: str, rate: Decimal) -> str:
    return "exempt" if factor == "exento" else RATE_CLASSES.get(rate, "other")


def _transfers_iva(item: dict[str, Any]) -> bool:
    taxes = (_group(tax) for tax in item.get("taxes") or [])
    return any(group.tax == "IVA" and not group.is_withheld for group in taxes)


def _sum(one: Part | None, other: Part) -> Part:
    return Part(one.base + other.base, one.amount + other.amount) if one else other
