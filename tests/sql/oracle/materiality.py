"""Evidence that an operation was real, against the policy `standard` (Q22 and Q23)."""

from decimal import Decimal
from typing import NamedTuple

from . import complement_links
from .allocation import payment_shares
from .amounts import ZERO, rounded
from .books import Books
from .cfdi import Cfdi
from .support_documents import Document, documents_of_invoices

WEIGHTS = {"agreement": 30, "performance": 40, "payment": 20, "corroboration": 10}
BANDS = (
    (Decimal(2_000), ("payment",)),
    (Decimal(50_000), ("performance", "payment")),
)
EVERYTHING = ("agreement", "performance", "payment")
SCORE_UNIT = Decimal("0.0001")


class Evidence(NamedTuple):
    """What there is for one invoice, against the policy."""

    approved: frozenset[str]
    partial: frozenset[str]
    payment_evidence_source: str | None
    required: tuple[str, ...]
    score: Decimal

    @property
    def missing(self) -> list[str]:
        return sorted(role for role in self.required if role not in self.approved)

    @property
    def partial_roles(self) -> list[str]:
        return [role for role in self.missing if role in self.partial]

    @property
    def is_complete(self) -> bool:
        return not self.missing


def evidence(books: Books) -> dict[tuple[str, str], Evidence]:
    """By team and valid invoice of type I."""
    counting = documents_of_invoices(books)
    paid = {share.invoice.key for shares in payment_shares(books).values() for share in shares}
    return {
        (books.team, invoice.key): _evidence(
            books, invoice, counting[invoice.key], invoice.key in paid
        )
        for invoice in books.valid("I")
    }


def _evidence(books: Books, invoice: Cfdi, counting: list[Document], is_paid: bool) -> Evidence:
    approved = {one.role for one in counting if one.role and one.is_approved}
    partial = {one.role for one in counting if one.role and not one.is_approved}
    source = "document" if "payment" in approved else None
    if not source and complement_links.effective(books, invoice):
        source = "rep"
    if not source and is_paid:
        source = "payment"
    if source:
        approved.add("payment")
    needed = required(invoice)
    weight = sum(WEIGHTS[role] for role in needed if role in approved)
    score = rounded(Decimal(weight) / sum(WEIGHTS[role] for role in needed), SCORE_UNIT)
    return Evidence(frozenset(approved), frozenset(partial), source, needed, score)


def required(invoice: Cfdi) -> tuple[str, ...]:
    """Roles that the policy `standard` asks for, by amount."""
    pesos = invoice.mxn(invoice.total)
    if pesos is None:
        return EVERYTHING
    return next((roles for limit, roles in BANDS if pesos <= limit), EVERYTHING)


def coverage(books: Books) -> dict[tuple[str, str | None, int], dict[str, Decimal]]:
    """By team, client and year of issue, in pesos."""
    found: dict[tuple[str, str | None, int], dict[str, Decimal]] = {}
    names = ("invoices_count", "amount_mxn", "complete_count", "complete_amount_mxn")
    for (team, key), one in evidence(books).items():
        invoice = books.cfdis[key]
        place = team, invoice.client, invoice.issue_day.year
        row = found.setdefault(place, dict.fromkeys((*names, "uncovered_amount_mxn"), ZERO))
        amount = invoice.mxn(invoice.total) or ZERO
        row["invoices_count"] += 1
        row["amount_mxn"] += amount
        row["complete_count"] += one.is_complete
        row["complete_amount_mxn" if one.is_complete else "uncovered_amount_mxn"] += amount
    return found
