"""Cancellation of CFDI: motives 01 to 04, with and without the receiver's acceptance."""

from decimal import Decimal

from pipelines.sandbox.simulation import invoicing, rfc, sat_mirror
from pipelines.sandbox.simulation.day import Day
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record

FREE_LIMIT = 1000  # pesos; up to there nobody has to accept (RMF 2.7.1.35)


def cancel(day: Day, place: int) -> None:
    """Ask SAT to cancel; the receiver has to accept unless the amount or its RFC says otherwise."""
    invoice = cancellable(day, place)
    if not invoice:
        return
    second = day.moment()
    motive = "04" if invoice["global"] else day.pick(("02", "02", "03"))
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
        day.store.plan(day.later(0, 4), place, "answer_cancellation")
    else:
        _close(day, place, invoice, second)


def answer(day: Day, place: int) -> None:
    """The receiver accepts, says nothing for three days (the same), or refuses."""
    invoice = day.store.get(place)
    if not invoice or invoice["status"] != "valid" or not invoice["cancellation"]:
        return
    second = day.moment()
    invoice["cancellation"]["last_checked"] = second
    has_been_paid = invoice["invoice_type"] == "I" and (invoice.get("installments") or 0) > 0
    if has_been_paid or day.chance(0.25):
        invoice["cancellation"]["cancellation_status"] = "rejected"
        day.store.put(place, invoice)
        return
    invoice["cancellation"] |= {
        "cancellation_status": "accepted",
        "cancelled_at": second,
        "code": "201",
    }
    _close(day, place, invoice, second)


def substitute(day: Day, place: int) -> None:
    """Issue a corrected invoice (relation 04), then cancel the old one (motive 01)."""
    invoice = cancellable(day, place)
    client = day.team.client_by_id.get(invoice["client"]["id"]) if invoice else None
    if not invoice or not client:
        return
    second = day.moment()
    new_place, new = invoicing.issue_income(
        day,
        client,
        second,
        items=invoicing.priced(invoice["items"]),
        currency=invoice["currency"],
        exchange_rate=invoice["exchange_rate"],
        payment_method=invoice["payment_method"],
        payment_form=invoice["payment_form"],
        payments=list(invoice["payments"]),
        related_documents=[{"relationship": "04", "documents": [invoice["uuid"]]}],
    )
    invoice["cancellation"] = {
        "cancellation_status": "accepted",
        "requested_at": second + 60,
        "cancelled_at": second + 60,
        "motive": "01",
        "code": "201",
        "requested_by": day.team.owner,
        "cancellation_receipt": "<Acuse/>",
        "cancellation_type": "without_acceptance",
        "last_checked": second + 60,
        "substitution_uuid": new["uuid"],
    }
    _close(day, place, invoice, second + 60)
    if new["payment_method"] == "PPD":
        day.store.plan(day.later(3, 50), new_place, "collect")
    if day.chance(0.3):
        day.store.plan(day.later(1, 20), new_place, "substitute")


def cancel_complement(day: Day, place: int) -> None:
    """A complement was wrong: cancel it, and what it paid is owed again."""
    complement = day.store.get(place)
    if not complement or complement["status"] != "valid":
        return
    invoice_place = positions.place_of(complement["invoices"][0])
    if invoice_place is None:
        return
    invoice = day.store.get(invoice_place)
    if not invoice or invoice["status"] != "valid":
        return
    second = day.moment()
    amount = Decimal(complement["total"])
    complement["cancellation"] = {
        "cancellation_status": "accepted",
        "requested_at": second,
        "cancelled_at": second,
        "motive": "02",
        "requested_by": day.team.owner,
        "cancellation_type": "with_acceptance",
        "last_checked": second,
    }
    _close(day, place, complement, second)
    invoice["last_balance"] = Decimal(invoice["last_balance"]) + amount
    invoice["payment_complements"] = Decimal(invoice["payment_complements"]) - amount
    day.store.put(invoice_place, invoice)
    day.store.plan(day.later(0, 5), invoice_place, "collect")


def cancellable(day: Day, place: int) -> Record | None:
    """The invoice, unless it is cancelled, being cancelled, or has complements or credit notes."""
    invoice = day.store.get(place)
    if not invoice or invoice["status"] != "valid" or invoice["cancellation"]:
        return None
    return None if invoice["invoices"] else invoice


def _needs_acceptance(invoice: Record) -> bool:
    tax_id = invoice["client"]["tax_id"]
    return Decimal(invoice["total"]) > FREE_LIMIT and tax_id not in (rfc.GENERIC, rfc.FOREIGN)


def _close(day: Day, place: int, invoice: Record, second: int) -> None:
    invoice["status"] = "cancelled"
    if invoice.get("last_balance") is not None:
        invoice["last_balance"] = Decimal("0.00")
    day.store.put(place, invoice)
    sat_mirror.show_cancelled(day, place, second)
