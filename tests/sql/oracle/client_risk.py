"""What about a client would make stamping fail or needs attention, and what is at stake (Q21)."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from . import days, tax_ids
from .amounts import ZERO
from .books import Books
from .cfdi import Record
from .receivables import open_items


class SatLists(NamedTuple):
    """Pairs of use and regime that SAT accepts; by regime, whether persons and entities may."""

    uses: frozenset[tuple[str, str]]
    regimes: dict[str, tuple[bool, bool]]


class Risk(NamedTuple):
    """Flags of one client and its amounts in pesos."""

    flags: dict[str, bool | None]
    overdue_90_mxn: Decimal
    exposure_mxn: Decimal


def client_risk(books: Books, lists: SatLists) -> dict[tuple[str, str], Risk]:
    """By team and client."""
    owed, overdue = _owed(books)
    revenue = _revenue_of_a_year(books)
    found = {}
    for client in books.clients:
        created = days.day(client.get("created_at"), books.zone)
        if client.get("livemode") is not False and (not created or created <= books.as_of):
            key = client["id"]
            flags = _flags(client, lists) | {"has_overdue_90": overdue[key] > 0}
            found[books.team, key] = Risk(flags, overdue[key], owed[key] + revenue[key])
    return found


def _flags(client: Record, lists: SatLists) -> dict[str, bool | None]:
    tax_id = tax_ids.normalized(client.get("tax_id"))
    regime, use = client.get("tax_system"), client.get("use")
    is_right, is_generic = tax_ids.is_well_formed(tax_id), tax_id in tax_ids.GENERIC
    is_own = is_right and not is_generic
    allowed = lists.regimes.get(regime or "")
    efos = ((client.get("efos") or {}), ((client.get("sat_status") or {}).get("efos") or {}))
    checks = {one["is_valid"] for one in efos if one.get("is_valid") is not None}
    return {
        "is_generic_rfc": is_generic,
        "rfc_format_invalid": not is_right,
        "rfc_check_digit_warning": is_own and not tax_ids.has_right_digit(tax_id),
        "missing_tax_regime": not regime,
        "missing_zip": not (client.get("address") or {}).get("zip"),
        "missing_legal_name": not client.get("legal_name"),
        "regime_person_mismatch": bool(
            is_own and allowed and not allowed[0 if tax_ids.is_person(tax_id) else 1]
        ),
        "use_regime_mismatch": bool(use and regime and (use, regime) not in lists.uses),
        "api_not_validated": client.get("is_valid") is False,
        "efos_listed": False in checks if checks else None,
    }


def _owed(books: Books) -> tuple[dict[str | None, Decimal], dict[str | None, Decimal]]:
    owed: dict[str | None, Decimal] = defaultdict(Decimal)
    overdue: dict[str | None, Decimal] = defaultdict(Decimal)
    for item in open_items(books, books.as_of).values():
        pesos, client = item.open_balance_mxn or ZERO, item.invoice.client
        owed[client] += pesos
        if item.days_past_due > 90 and item.open_balance > 0:
            overdue[client] += pesos
    return owed, overdue


def _revenue_of_a_year(books: Books) -> dict[str | None, Decimal]:
    """Of what is not open, which counts by its balance."""
    found: dict[str | None, Decimal] = defaultdict(Decimal)
    owing = open_items(books, books.as_of)
    for cfdi in (*books.valid("I"), *books.valid("E")):
        if cfdi.issue_day > a_year_before(books.as_of) and (books.team, cfdi.key) not in owing:
            found[cfdi.client] += cfdi.sign * (cfdi.mxn(cfdi.net) or ZERO)
    return found


def a_year_before(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)
