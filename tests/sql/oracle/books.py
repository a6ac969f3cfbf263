"""The books of one team as of a day: its records, found by key, and who names whom."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

from .cfdi import Cfdi, Record
from .payment import Payment

MEXICO_CITY = ZoneInfo("America/Mexico_City")


@dataclass(frozen=True, eq=False)
class Books:
    """One team's records. `seen` says when a lower balance was first seen (invoice key: day).

    Without `reads_complements` the text of a REP tells nothing: its total and links have to do.
    """

    team: str
    as_of: date
    invoices: list[Record]
    payments: list[Record] = field(default_factory=list)
    receipts: list[Record] = field(default_factory=list)
    clients: list[Record] = field(default_factory=list)
    documents: list[Record] = field(default_factory=list)
    record: Record = field(default_factory=dict)
    zone: ZoneInfo = MEXICO_CITY
    terms_days: int | None = None
    seen: dict[str, date] = field(default_factory=dict)
    reads_complements: bool = True

    @cached_property
    def cfdis(self) -> dict[str, Cfdi]:
        found = (Cfdi(self.team, record, self.zone) for record in self.invoices)
        return {cfdi.key: cfdi for cfdi in found}

    @cached_property
    def of_all_time(self) -> "Books":
        """The same records, whatever their dates."""
        return replace(self, as_of=date.max)

    @cached_property
    def by_uuid(self) -> dict[str, Cfdi]:
        return {cfdi.uuid: cfdi for cfdi in self.cfdis.values() if cfdi.uuid}

    def named(self, names: Iterable[str]) -> list[Cfdi]:
        """The CFDI that these ids or UUIDs mean, as far as the team has them."""
        found = (self.cfdis.get(name) or self.by_uuid.get(name.lower()) for name in names)
        return [cfdi for cfdi in found if cfdi]

    def issued(self, kind: str) -> list[Cfdi]:
        """Live and stamped by the day of the books, cancelled ones too; oldest first."""
        found = (
            cfdi
            for cfdi in self.cfdis.values()
            if cfdi.kind == kind and cfdi.is_issued_by(self.as_of)
        )
        return sorted(found, key=order)

    def valid(self, kind: str, cut: date | None = None) -> list[Cfdi]:
        return [cfdi for cfdi in self.issued(kind) if cfdi.is_valid_at(cut or self.as_of)]

    @cached_property
    def collected(self) -> dict[str, Payment]:
        """Payments that brought money by the day of the books, the earliest first."""
        found = [Payment(self.team, record, self.zone) for record in self.payments]
        came = [payment for payment in found if payment.day and payment.day <= self.as_of]
        return {one.key: one for one in sorted(came, key=lambda one: (one.moment, one.key))}

    @cached_property
    def invoice_keys_of_payment(self) -> dict[str, set[str]]:
        """Invoices of a payment: named on either side, or through the payment's receipts."""
        found: dict[str, set[str]] = defaultdict(set)
        receipts = {receipt["id"]: receipt for receipt in self.receipts}
        for payment in self.collected.values():
            names = list(payment.record.get("invoices") or [])
            for receipt in payment.record.get("receipts") or []:
                names += receipts.get(receipt, {}).get("invoices") or []
            found[payment.key] |= {cfdi.key for cfdi in self.standing(names) if cfdi.kind == "I"}
        for cfdi in self.issued("I"):
            for name in cfdi.record.get("payments") or []:
                found[name].add(self.standing_for(cfdi).key)
        return found

    @cached_property
    def replacements(self) -> dict[str, list[Cfdi]]:
        """By key of a CFDI: those that replace it, by relation 04 or as its cancellation says."""
        found: dict[str, list[Cfdi]] = defaultdict(list)
        for cfdi in self.cfdis.values():
            if cfdi.created_day > self.as_of:
                continue
            for old in self.named(cfdi.related("04")):
                found[old.key].append(cfdi)
        for cfdi in self.cfdis.values():
            told = (cfdi.record.get("cancellation") or {}).get("substitution_uuid")
            news = self.named([told]) if told else []
            found[cfdi.key] += [new for new in news if new.created_day <= self.as_of]
        return found

    def standing_for(self, cfdi: Cfdi) -> Cfdi:
        """Itself while it is valid, else the valid one that is most replacements away from it."""
        return cfdi if self._stands(cfdi) else self.successor(cfdi) or cfdi

    def successor(self, cfdi: Cfdi) -> Cfdi | None:
        """The valid one that is most replacements away from it."""
        last, reached, seen = None, [cfdi], {cfdi.key}
        while reached:
            others = [one for one in reached if one is not cfdi and one.kind == cfdi.kind]
            valid = [one for one in others if self._stands(one)]
            last = max(valid, key=lambda one: one.key) if valid else last
            nexts = [new for one in reached for new in self.replacements[one.key]]
            reached = list({new.key: new for new in nexts if new.key not in seen}.values())
            seen |= {one.key for one in reached}
        return last

    def _stands(self, cfdi: Cfdi) -> bool:
        return cfdi.is_issued_by(self.as_of) and cfdi.is_valid_at(self.as_of)

    def standing(self, names: Iterable[str]) -> list[Cfdi]:
        """The CFDI that stand for those that these ids or UUIDs mean, each once."""
        found = (self.standing_for(cfdi) for cfdi in self.named(names))
        return list({cfdi.key: cfdi for cfdi in found}.values())

    def candidates(self, keys: Iterable[str]) -> list[Cfdi]:
        """Of these invoices the valid ones; the cancelled ones when none is valid."""
        known = (self.cfdis[key] for key in keys)
        issued = [cfdi for cfdi in known if cfdi.is_issued_by(self.as_of)]
        valid = [cfdi for cfdi in issued if cfdi.is_valid_at(self.as_of)]
        return sorted(valid or issued, key=order)


def order(cfdi: Cfdi) -> tuple[date, str]:
    return cfdi.issue_day, cfdi.key
