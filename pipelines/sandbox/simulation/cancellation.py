"""Cancellation of CFDI: motives 01 to 04, with and without the receiver's acceptance."""

from decimal import Decimal

from pipelines.sandbox.simulation import rfc
from pipelines.sandbox.simulation.day import Day
from pipelines.sandbox.simulation.lists import sat_invoices
from pipelines.sandbox.storage.store import Record

FREE_LIMIT = 1000  # pesos; up to there nobody has to accept (RMF 2.7.1.35)


def cancel(day: Day, place: int, _: str) -> None:
    """Ask SAT to cancel; the receiver has to accept unless the amount or its RFC says otherwise."""
    invoice = cancellable(day, place)
    if not invoice:
        return
    dice = day.dice("income", place)
    second = dice.moment()
    motive = "04" if invoice["global"] else dice.pick(("02", "02", "03"))
    needs_acceptance = _needs_acceptance(invoice)
    invoice["cancellation"] = {
        "cancellation_status": "requested" if needs_acceptance else "accepted",
        "requested_at": second,
        "cancelled_at": None if needs_acceptance else second,
        "motive": motive,
        "code": None if needs_acceptance else "201",
        "requested_by": day.team.owner,
        "cancellation_receipt": None,
        "cancellation_type": "with_acceptance" if needs_acceptance else "without_acceptance",
        "last_checked": second,
        "substitution_uuid": None,
    }
    if needs_acceptance:
        day.store.put(place, invoice)
        day.store.plan(dice.later(0, 4), place, "answer_cancellation")
    else:
        close(day, place, invoice, second)


def answer(day: Day, place: int, _: str) -> None:
    """The receiver accepts, says nothing for three days (the same), or refuses."""
    invoice = day.store.get(place)
    if not invoice or invoice["status"] != "valid" or not invoice["cancellation"]:
        return
    dice = day.dice("income", place)
    second = dice.moment()
    invoice["cancellation"]["last_checked"] = second
    has_been_paid = invoice["invoice_type"] == "I" and (invoice.get("installments") or 0) > 0
    if has_been_paid or dice.chance(0.25):
        invoice["cancellation"]["cancellation_status"] = "rejected"
        day.store.put(place, invoice)
        return
    invoice["cancellation"] |= {
        "cancellation_status": "accepted",
        "cancelled_at": second,
        "code": "201",
    }
    close(day, place, invoice, second)


def cancellable(day: Day, place: int) -> Record | None:
    """The invoice, unless it is cancelled, being cancelled, or has complements or credit notes."""
    invoice = day.store.get(place)
    if not invoice or invoice["status"] != "valid" or invoice["cancellation"]:
        return None
    return None if invoice["invoices"] else invoice


def close(day: Day, place: int, invoice: Record, second: int) -> None:
    """From this second on the CFDI is cancelled, here and at SAT."""
    invoice["status"] = "cancelled"
    if invoice.get("last_balance") is not None:
        invoice["last_balance"] = Decimal("0.00")
    day.store.put(place, invoice)
    sat_invoices.show_cancelled(day, place, second)


def _needs_acceptance(invoice: Record) -> bool:
    tax_id = invoice["client"]["tax_id"]
    return Decimal(invoice["total"]) > FREE_LIMIT and tax_id not in (rfc.GENERIC, rfc.FOREIGN)
