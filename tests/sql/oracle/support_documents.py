"""Support documents as their records tell them, and which invoices each counts for."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from . import days
from .allocation import payment_shares
from .books import Books
from .cfdi import Record

ROLES = {
    "contract": "agreement",
    "subscription_info": "agreement",
    "delivery_proof": "performance",
    "payment_proof": "payment",
    "payment_confirmation": "payment",
    "communication": "corroboration",
}
Link = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Document:
    """One support document as its record tells it."""

    record: Record
    books: Books

    @property
    def key(self) -> str:
        return str(self.record["id"])

    @cached_property
    def links(self) -> set[Link]:
        named = self.record.get("linked_entities") or []
        return {(link["entity_type"], link["entity_id"]) for link in named}

    @property
    def status(self) -> str:
        return str(self.record["compliance_status"])

    @property
    def role(self) -> str | None:
        return ROLES.get(self.record["document_type"])

    def day(self, name: str) -> date | None:
        return days.day(self.record.get(name), self.books.zone)

    @property
    def counts_today(self) -> bool:
        return self.status not in ("rejected", "expired")

    @property
    def is_approved(self) -> bool:
        """Expired is what was valid before."""
        return self.status in ("valid", "expired")

    def reaches(self, day: date) -> bool:
        """Whether it had not ended by a day; of an expired one that names no end nobody knows."""
        last = self.day("valid_until")
        return self.status != "rejected" and (day <= last if last else self.counts_today)

    def covers(self, day: date) -> bool:
        first = self.day("valid_from")
        return (not first or first <= day) and self.reaches(day)


def documents(books: Books) -> list[Document]:
    """Those created by the day of the books."""
    found = (Document(record, books) for record in books.documents)
    return [one for one in found if (one.day("created_at") or books.as_of) <= books.as_of]


def documents_of_invoices(books: Books) -> dict[str, list[Document]]:
    """By key of each valid invoice of type I: the documents that count for it."""
    by_link: dict[Link, list[Document]] = defaultdict(list)
    for document in documents(books):
        for link in document.links:
            by_link[link].append(document)
    settled_by = _settled_by(books)
    found = {}
    for invoice in books.valid("I"):
        own = {("invoice", invoice.key), ("invoice", invoice.uuid or invoice.key)}
        linked = [one for link in own | settled_by[invoice.key] for one in by_link[link]]
        counting = [one for one in linked if one.reaches(invoice.issue_day)]
        inherited = by_link["client", invoice.client or ""]
        counting += [one for one in inherited if one.covers(invoice.issue_day)]
        found[invoice.key] = list({one.key: one for one in counting}.values())
    return found


def _settled_by(books: Books) -> dict[str, set[Link]]:
    """By invoice key: the payments that fall on it and the receipts that it takes."""
    found: dict[str, set[Link]] = defaultdict(set)
    for key, shares in payment_shares(books).items():
        for share in shares:
            found[share.invoice.key].add(("payment", key))
    for receipt in books.receipts:
        for invoice in books.named(receipt.get("invoices") or []):
            found[invoice.key].add(("receipt", receipt["id"]))
    return found
