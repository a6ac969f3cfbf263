"""A CFDI as its record tells it: amounts, days, lines, and what it names."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from . import amounts, days
from .amounts import ZERO, number
from .complement import PaidDocument, paid_documents

Record = dict[str, Any]
_STAMPED = ("valid", "stamped", "cancelled")


@dataclass(frozen=True, eq=False)
class Cfdi:
    """One record of /invoices/income, /egress, /payment or /transfer, read for one team."""

    team: str
    record: Record
    zone: ZoneInfo

    @cached_property
    def key(self) -> str:
        return str(self.record.get("id") or self.record["uuid"].lower())

    @cached_property
    def uuid(self) -> str | None:
        return self.record["uuid"].lower() if self.record.get("uuid") else None

    @cached_property
    def kind(self) -> str:
        return str(self.record["invoice_type"]).upper()

    @cached_property
    def is_ppd(self) -> bool:
        return str(self.record.get("payment_method") or "").upper() == "PPD"

    @cached_property
    def client(self) -> str | None:
        return (self.record.get("client") or {}).get("id")

    @cached_property
    def status(self) -> str:
        status = str(self.record["status"])
        return "cancelled" if status == "canceled" else status

    @cached_property
    def is_issued(self) -> bool:
        """Live and stamped, be it cancelled since or not."""
        return self.record.get("livemode") is not False and self.status in _STAMPED

    def is_issued_by(self, day: date) -> bool:
        stamped = self._day((self.record.get("stamp") or {}).get("stamp_at")) or self.issue_day
        return self.is_issued and max(self.issue_day, stamped) <= day

    @cached_property
    def currency(self) -> str:
        return str(self.record.get("currency") or "MXN")

    @cached_property
    def unit(self) -> Decimal:
        return amounts.unit(self.currency)

    @cached_property
    def rate(self) -> Decimal | None:
        return number(self.record.get("exchange_rate"))

    @cached_property
    def total(self) -> Decimal:
        return self.amount("total") or ZERO

    @cached_property
    def net(self) -> Decimal:
        return (self.amount("subtotal") or ZERO) - (self.amount("discount") or ZERO)

    @property
    def sign(self) -> int:
        return {"I": 1, "E": -1}.get(self.kind, 0)

    def amount(self, name: str) -> Decimal | None:
        """A figure of the header; some write a credit note below zero."""
        found = number(self.record.get(name))
        return abs(found) if found is not None and self.is_below_zero else found

    @cached_property
    def is_below_zero(self) -> bool:
        total = number(self.record.get("total"))
        return self.kind == "E" and total is not None and total < 0

    @cached_property
    def items(self) -> list[Record]:
        """Its lines; those of a note below zero without their signs."""
        found: list[Record] = self.record.get("items") or []
        if not self.is_below_zero:
            return found
        return [
            _positive(one, "quantity", "unit_price", "discount")
            | {"taxes": [_positive(tax, "base") for tax in one.get("taxes") or []]}
            for one in found
        ]

    def mxn(self, amount: Decimal) -> Decimal | None:
        return amounts.mxn(amount, self.currency, self.rate)

    @cached_property
    def created_day(self) -> date:
        return self._day(self.record.get("created_at")) or self.issue_day

    @cached_property
    def issue_day(self) -> date:
        stamp = self.record.get("stamp") or {}
        moments = (self.record.get("date"), stamp.get("stamp_at"), self.record.get("created_at"))
        return next(found for moment in moments if (found := self._day(moment)))

    @cached_property
    def cancel_day(self) -> date | None:
        """When it was cancelled, if it was; its issue day when nothing says when."""
        if self.status != "cancelled":
            return None
        told = self.record.get("cancellation") or {}
        moments = (told.get(name) for name in ("cancelled_at", "requested_at", "last_checked"))
        known = (self._day(moment) for moment in moments)
        return max(next((day for day in known if day), self.issue_day), self.issue_day)

    def is_valid_at(self, cut: date) -> bool:
        if not self.is_issued or self.issue_day > cut:
            return False
        return self.cancel_day is None or self.cancel_day > cut

    def related(self, *relationships: str) -> list[str]:
        """UUIDs that it relates to by these relations (c_TipoRelacion)."""
        return [
            uuid.lower()
            for relation in self.record.get("related_documents") or []
            if relation["relationship"] in relationships
            for uuid in relation["documents"]
        ]

    @cached_property
    def paid_documents(self) -> list[PaidDocument]:
        texts = [part.get("data") or "" for part in self.record.get("complements") or []]
        return paid_documents(texts)

    def _day(self, moment: Any) -> date | None:
        return days.day(moment, self.zone)


def _positive(record: Record, *names: str) -> Record:
    known = {name: number(record.get(name)) for name in names}
    return record | {name: abs(value) for name, value in known.items() if value is not None}
