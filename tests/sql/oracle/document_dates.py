"""Documents that end soon, what hangs on them, and what audits found (Q24 and Q25)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from . import days
from .amounts import ZERO
from .books import Books
from .cfdi import Cfdi
from .support_documents import Document, documents, documents_of_invoices

WINDOWS = ((-1, "expired"), (7, "0-7"), (30, "8-30"), (60, "31-60"), (90, "61-90"))


class Expiring(NamedTuple):
    """A document that ends soon or has ended, and what hangs on it."""

    valid_until_date: date
    days_to_expiry: int
    window: str
    invoices_depending: int
    amount_depending_mxn: Decimal
    renewal_document_id: str | None


def expiring(books: Books) -> dict[tuple[str, str], Expiring]:
    """By team and document."""
    depending: dict[str, list[Cfdi]] = defaultdict(list)
    for key, counting in documents_of_invoices(books).items():
        for document in counting:
            depending[document.key].append(books.cfdis[key])
    found = {}
    for document in documents(books):
        until = document.day("valid_until")
        if until and document.status != "rejected" and (until - books.as_of).days <= 90:
            left = (until - books.as_of).days
            invoices = depending[document.key]
            found[books.team, document.key] = Expiring(
                until,
                left,
                next(name for limit, name in WINDOWS if left <= limit),
                len(invoices),
                sum((one.mxn(one.total) or ZERO for one in invoices), ZERO),
                _renewal(books, document, until),
            )
    return found


def _renewal(books: Books, old: Document, until: date) -> str | None:
    later = [
        (one.record["created_at"], one.key)
        for one in documents(books)
        if one.record["document_type"] == old.record["document_type"]
        and one.links & old.links
        and one.counts_today
        and one.record["created_at"] > old.record["created_at"]
        and (one.day("valid_until") or date.max) > until
    ]
    return max(later)[1] if later else None


class Audit(NamedTuple):
    """The latest look at a document in one context."""

    result: str
    is_passed: bool
    audited_date: date | None
    summary: str | None


def audits(books: Books) -> dict[tuple[str, str, str, str], Audit]:
    """By team, document, context type and context id."""
    found = {}
    for document in documents(books):
        for audit in sorted(_audits(document), key=lambda one: int(one["audited_at"])):
            key = (books.team, document.key, audit["context_type"], audit["context_id"])
            day = days.day(audit["audited_at"], books.zone)
            found[key] = Audit(
                audit["result"], audit["result"] == "valid", day, audit.get("summary")
            )
    return found


def never_audited(books: Books) -> set[tuple[str, str]]:
    return {(books.team, one.key) for one in documents(books) if not any(_audits(one))}


def _audits(document: Document) -> Iterator[dict[str, Any]]:
    for audit in document.record.get("audits") or []:
        day = days.day(audit.get("audited_at"), document.books.zone)
        if not day or day <= document.books.as_of:
            yield audit
