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
        """By day and time. Refunded, but none listed: whole, at the last time it tells."""
        listed = list(self.record.get("refunds") or [])
        if not listed and self.record["status"] == "refunded":
            listed = [{"amount": self.amount}]
        found = [
            self._refund(place, refund)
            for place, refund in enumerate(listed, 1)
            if refund.get("status") not in _NOT_GIVEN_BACK
        ]
        return sorted(refund for refund in found if refund.day <= until)

    def _refund(self, place: int, refund: dict[str, Any]) -> Refund:
        moment = days.milliseconds(refund.get("created_at") or self._last_moment)
        day = days.day(moment, self.zone) or date.max
        return Refund(day, moment, place, number(refund["amount"]) or ZERO)

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
