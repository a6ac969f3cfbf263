"""A payment and its refunds as the record tells them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from . import amounts, days
from .amounts import ZERO, number

NO_MONEY = ("12", "13", "14", "15", "17", "23", "24", "25", "26", "27", "30", "99")
_NOT_GIVEN_BACK = ("pending", "failed", "cancelled", "canceled")
_COLLECTED = ("succeeded", "succeeded_", "refunded")


class Refund(NamedTuple):
    """Money given back."""

    day: date
    moment: int
    number: int
    amount: Decimal


@dataclass(frozen=True, eq=False)
class Payment:
    """One record of /payments, read for one team."""

    team: str
    record: dict[str, Any]
    zone: ZoneInfo

    @property
    def key(self) -> str:
        return str(self.record["id"])

    @property
    def currency(self) -> str:
        return str(self.record.get("currency") or "MXN")

    @property
    def rate(self) -> Decimal | None:
        return number(self.record.get("exchange_rate"))

    @property
    def is_money(self) -> bool:
        """False for forms that settle a debt without money (c_FormaPago)."""
        return self.record.get("payment_form") not in NO_MONEY

    @cached_property
    def day(self) -> date | None:
        """When it was collected; None when it was not."""
        if self.record.get("livemode") is False or self.record["status"] not in _COLLECTED:
            return None
        return days.day(self.moment, self.zone)

    @cached_property
    def moment(self) -> int:
        """The time of its day, to the millisecond: what came first counts first."""
        return days.milliseconds(self.record.get("succeeded_at") or self.record["created_at"])

    @cached_property
    def amount(self) -> Decimal:
        """The total, or what the vendor's own tools take in its place."""
        total, taxes = number(self.record.get("total")), number(self.record.get("taxes"))
        subtotal, cents = number(self.record.get("subtotal")), number(self.record.get("amount"))
        if total is not None:
            return total
        if subtotal is not None and taxes is not None:
            return subtotal + taxes
        if cents is not None:
            return cents / 100
        return sum((_net(item) for item in self.record.get("items") or []), ZERO)

    def refunds(self, until: date) -> list[Refund]:
        """By day and time, each once, together no more than the payment. Refunded, but none
        listed: whole, at the last time it tells.
        """
        found, left = [], self.amount
        for one in sorted(self._effective(until)):
            taken = min(one.amount, left)
            left -= taken
            found.append(one._replace(amount=taken))
        return found

    def _effective(self, until: date) -> list[Refund]:
        listed = list(self.record.get("refunds") or [])
        if not listed and self.record["status"] == "refunded":
            listed = [{"amount": self.amount}]
        once = {one.get("id") or place: (place, one) for place, one in _backwards(listed)}
        found, silent, is_clear = [], [], True
        for place, one in once.values():
            moment = days.milliseconds(one.get("created_at") or self._last_moment)
            refund = Refund(days.day(moment, self.zone) or date.max, moment, place, ZERO)
            if one.get("status") in _NOT_GIVEN_BACK or refund.day > until:
                continue
            own, worth = self._own_amount(one), self._worth(one)
            if own is None:
                silent.append(refund)
            elif worth is None:
                is_clear = False
            else:
                found.append(refund._replace(amount=worth))
        if len(silent) == 1 and is_clear and self.record["status"] == "refunded":
            rest = self.amount - sum((one.amount for one in found), ZERO)
            found.append(silent[0]._replace(amount=max(rest, ZERO)))
        return found

    def _worth(self, refund: dict[str, Any]) -> Decimal | None:
        """In the payment's money, at the payment's rate."""
        own, currency = self._own_amount(refund), refund.get("currency") or self.currency
        if own is None or currency == self.currency:
            return own
        if currency != "MXN":
            return None
        return amounts.converted(own, ("MXN", None), (self.currency, self.rate))

    def _own_amount(self, refund: dict[str, Any]) -> Decimal | None:
        if number(refund.get("amount")) is not None:
            return number(refund["amount"])
        items = refund.get("items") or []
        if not items:
            return None
        return amounts.rounded(sum(map(_charged, items), ZERO), amounts.unit(self.currency))

    @property
    def _last_moment(self) -> int:
        told = [self.record, *(self.record.get("refunds") or [])]
        found = [one.get(name) for one in told for name in ("created_at", "succeeded_at")]
        return max(days.milliseconds(moment) for moment in found if moment)

    def mxn(self, amount: Decimal) -> Decimal | None:
        return amounts.mxn(amount, self.currency, self.rate)


def _net(item: dict[str, Any]) -> Decimal:
    gross = Decimal(str(item["quantity"])) * Decimal(str(item["unit_price"]))
    return gross - (number(item.get("discount")) or ZERO)


def _backwards(listed: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """With their places, so that of equal ids the first comes last and stays."""
    return [*enumerate(listed, 1)][::-1]


def _charged(item: dict[str, Any]) -> Decimal:
    """Net of a line with the taxes that are not in its price, less what is withheld."""
    net, whole = _net(item), _net(item)
    for tax in item.get("taxes") or []:
        rate = number(tax.get("rate")) or ZERO
        base = Decimal(str(item["quantity"])) if str(tax.get("factor")).lower() == "cuota" else net
        if not tax.get("inclusive") and str(tax.get("factor") or "Tasa").lower() != "exento":
            whole += (-1 if tax.get("withholding") else 1) * base * rate
    return whole
