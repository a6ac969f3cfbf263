"""Cancellations that need somebody, and until when a CFDI can be cancelled (Q17)."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from . import days, tax_ids
from .books import Books
from .cfdi import Cfdi
from .working_days import working_days_later

FREE_LIMIT = Decimal(1000)  # pesos (RMF 2.7.1.35)
ACCEPTANCE_DAYS = 3
_FIRST_YEAR = 2025  # older rules are disputed


class Finding(NamedTuple):
    """What stands in the way of one CFDI, and its last days."""

    acceptance_required: bool | None
    acceptance_due_date: date | None
    cancel_deadline: date | None
    days_left: int | None


def findings(books: Books) -> dict[tuple[str, str, str], Finding]:
    """By team, CFDI and problem."""
    replaced = {old.key for new in _valid(books) for old in books.named(new.related("04"))}
    return {
        (books.team, cfdi.key, problem): _finding(books, cfdi)
        for cfdi in books.cfdis.values()
        if cfdi.is_issued_by(books.as_of)
        for problem in _problems(books, cfdi, replaced)
    }


def state(books: Books, cfdi: Cfdi) -> str | None:
    """cancelled, rejected or requested, as of the day of the books."""
    told = cfdi.record.get("cancellation") or {}
    requested = requested_day(cfdi)
    if cfdi.cancel_day and cfdi.cancel_day <= books.as_of:
        return "cancelled"
    if requested is None or requested > books.as_of:
        return None
    answered = days.day(told.get("last_checked"), cfdi.zone)
    if told.get("cancellation_status") == "rejected" and (not answered or answered <= books.as_of):
        return "rejected"
    return "requested"


def requested_day(cfdi: Cfdi) -> date | None:
    return days.day((cfdi.record.get("cancellation") or {}).get("requested_at"), cfdi.zone)


def acceptance_due_date(cfdi: Cfdi) -> date | None:
    requested = requested_day(cfdi)
    return requested and working_days_later(requested, ACCEPTANCE_DAYS)


def acceptance_required(cfdi: Cfdi) -> bool | None:
    """None where the sources disagree: a REP cancelled by the next working day."""
    requested, pesos = requested_day(cfdi), cfdi.mxn(cfdi.total)
    if requested and requested <= working_days_later(cfdi.issue_day, 1):
        return None if cfdi.kind == "P" else False
    if cfdi.kind == "P":
        return True
    tax_id = tax_ids.normalized((cfdi.record.get("client") or {}).get("tax_id"))
    if cfdi.kind in "ET" or tax_id in tax_ids.GENERIC:
        return False
    return pesos is None or pesos > FREE_LIMIT


def cancel_deadline(books: Books, cfdi: Cfdi) -> date | None:
    """The month of the issuer's annual return for the year of issue (CFF 29-A)."""
    issuer, year = tax_ids.normalized(books.record.get("tax_id")), cfdi.issue_day.year + 1
    if cfdi.issue_day.year < _FIRST_YEAR or len(issuer) not in (12, 13):
        return None
    return date(year, 4, 30) if tax_ids.is_person(issuer) else date(year, 3, 31)


def _finding(books: Books, cfdi: Cfdi) -> Finding:
    deadline = cancel_deadline(books, cfdi)
    left = (deadline - books.as_of).days if deadline else None
    return Finding(acceptance_required(cfdi), acceptance_due_date(cfdi), deadline, left)


def _problems(books: Books, cfdi: Cfdi, replaced: set[str]) -> Iterator[str]:
    told, now = cfdi.record.get("cancellation") or {}, state(books, cfdi)
    due = acceptance_due_date(cfdi)
    if now == "requested" and due and books.as_of <= due:
        yield "acceptance_pending"
    if now == "requested" and due and books.as_of > due and acceptance_required(cfdi) is not False:
        yield "acceptance_overdue"
    if now == "rejected":
        yield "rejected"
    if now in ("requested", "cancelled") and told.get("motive") == "01":
        named = books.named([told["substitution_uuid"]] if told.get("substitution_uuid") else [])
        has_valid = any(one.is_valid_at(books.as_of) for one in named) or books.successor(cfdi)
        if cfdi.key not in replaced and not has_valid:
            yield "replacement_missing"
    if now != "cancelled" and cfdi.key in replaced:
        yield "both_valid"


def _valid(books: Books) -> list[Cfdi]:
    return [cfdi for kind in "IEPT" for cfdi in books.valid(kind)]
