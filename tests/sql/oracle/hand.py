"""Small accounts written by hand: records as the API delivers them, at noon in Mexico City."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from .books import Books

Record = dict[str, Any]
TEAM = "team_a"
MEXICO_CITY = ZoneInfo("America/Mexico_City")
IVA = {"type": "IVA", "rate": "0.16", "factor": "Tasa", "withholding": False}
END_OF_2026 = date(2026, 12, 31)


def at(day: str, clock: str = "12:00:00") -> int:
    """Epoch second of a local moment."""
    return int(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=MEXICO_CITY).timestamp())


def item(net: str, *taxes: Record, **more: Any) -> Record:
    line: Record = {"quantity": 1, "unit_price": net, "discount": 0, **more}
    return line | {"taxes": [{"base": net, **tax} for tax in taxes]}


def uuid(key: str) -> str:
    return f"{key}-uuid"


def cfdi(key: str, kind: str, day: str, total: str, **more: Any) -> Record:
    """A valid one; `net` and `taxes` are those of 16 % IVA when the total is 1160 of it."""
    return {
        "id": key,
        "uuid": uuid(key),
        "invoice_type": kind,
        "status": "valid",
        "livemode": True,
        "client": {"id": "client_1"},
        "date": at(day) * 1000,
        "created_at": at(day),
        "currency": "MXN",
        "exchange_rate": 1,
        "total": total,
        **more,
    }


def invoice(key: str = "i", day: str = "2026-01-10", total: str = "1160.00", **more: Any) -> Record:
    """PPD of 1,000.00 and 160.00 IVA unless told otherwise."""
    parts = {"subtotal": "1000.00", "taxes": "160.00", "items": [item("1000.00", IVA)]}
    return cfdi(key, "I", day, total, **{"payment_method": "PPD", **parts, **more})


def note(
    key: str, day: str, total: str, *invoices: str, relation: str = "01", **more: Any
) -> Record:
    related = [{"relationship": relation, "documents": [uuid(one) for one in invoices]}]
    return cfdi(key, "E", day, total, related_documents=related if invoices else [], **more)


def cancelled(record: Record, day: str, **more: Any) -> Record:
    told = {"cancelled_at": at(day), "requested_at": at(day), "motive": "02", **more}
    return record | {"status": "cancelled", "cancellation": told}


def payment(key: str, day: str, total: str, *invoices: str, **more: Any) -> Record:
    return {
        "id": key,
        "status": "succeeded",
        "livemode": True,
        "currency": "MXN",
        "exchange_rate": 1,
        "total": total,
        "payment_form": "03",
        "invoices": list(invoices),
        "receipts": [],
        "refunds": [],
        "created_at": at(day),
        "succeeded_at": at(day),
        **more,
    }


def refund(day: str, amount: str, status: str = "succeeded") -> Record:
    return {
        "id": f"refund_{day}_{amount}",
        "amount": amount,
        "status": status,
        "created_at": at(day),
    }


def rep(key: str, day: str, total: str, *payments: str, of: str = "i", **more: Any) -> Record:
    """A complement without a readable text, of one invoice unless `invoices` names others."""
    links = {"payments": list(payments), "invoices": [of]}
    return cfdi(key, "P", day, total, **links | more)


def paid_text(moment: str, of: str, amount: str, inside: str = "", **payment: str) -> list[Record]:
    """The text of a complement "Pagos 2.0" of one payment of one invoice."""
    more = "".join(f' {name}="{value}"' for name, value in payment.items())
    text = (
        f'<pago20:Pagos Version="2.0"><pago20:Pago FechaPago="{moment}"{more}>'
        f'<pago20:DoctoRelacionado IdDocumento="{uuid(of).upper()}" ImpPagado="{amount}">'
        f"{inside}</pago20:DoctoRelacionado></pago20:Pago></pago20:Pagos>"
    )
    return [{"type": "pago", "data": text}]


def books(*records: Record, as_of: date = END_OF_2026, **more: Any) -> Books:
    """CFDI and payments, told apart by their type."""
    invoices = [one for one in records if "invoice_type" in one]
    payments = [one for one in records if "invoice_type" not in one]
    return Books(TEAM, as_of, invoices, payments, **more)
