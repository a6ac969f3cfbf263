"""Money coming in: payments, instalments of PPD invoices with their complements (REP), refunds."""

from decimal import Decimal
from typing import Any

from pipelines.sandbox.simulation import documents, invoicing, money, sat_mirror
from pipelines.sandbox.simulation.day import Day
from pipelines.sandbox.simulation.sat_mirror import local_text
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record

_METHODS: tuple[list[dict[str, str]], ...] = (
    [{"id": "card"}],
    [{"id": "card"}, {"id": "spei"}],
    [{"id": "oxxo"}],
    [],
)
_ITEM_FIELDS = ("id", "description", "sku", "product_key", "unit_key", "unit_name")


def add_payment(
    day: Day, second: int, client: Any, items: list[Record], sums: Record, **more: Any
) -> Record:
    """A payment of the amounts in `sums` (total, subtotal, taxes, currency, exchange_rate)."""
    place = day.place("payments", second)
    record: Record = {
        "id": positions.object_id("payment_", place),
        "client": client,
        "status": "succeeded",
        **sums,
        "payment_form": "03",
        "payment_processor": day.pick(("stripe", "openpay", "manual", "bank")),
        "allowed_payment_methods": day.pick(_METHODS),
        "items": items,
        "invoice_config": {"serie": "F", "folio": 0},
        "invoices": [],
        "receipts": [],
        "payments": [],
        "refunds": [],
        "automations": [],
        "automation_type": "none",
        "metadata": day.metadata(),
        "emails": [],
        "short_url": f"https://pay.example/p/{place & 0xFFFFFF:x}",
        "idempotency_key": f"k-{place & 0xFFFFFFFF}",
        "from": "api",
        "livemode": True,
        "owner": day.team.owner,
        "team": day.team.id,
        "created_at": second,
        "succeeded_at": second + 60,
        **more,
    }
    if record["status"] != "succeeded":
        record["succeeded_at"] = None
    if record["payment_processor"] == "stripe" and day.chance(0.04):
        del record["total"]
    day.store.add(place, record)
    if day.chance(0.01):
        documents.add_to_payment(day, place, record["id"], second)
    if record["status"] == "succeeded" and day.chance(0.025):
        day.store.plan(day.later(1, 40), place, "refund")
    return record


def amounts(record: Record) -> Record:
    """The document amounts that a payment copies from an invoice or a receipt."""
    wanted = ("total", "subtotal", "taxes", "currency", "exchange_rate")
    return {name: record[name] for name in wanted}


def pay_at_once(day: Day, second: int, invoice: Record, **more: Any) -> Record:
    """The payment of a PUE invoice, at the moment of the invoice."""
    payment = add_payment(
        day,
        second,
        invoice["client"],
        invoice["items"],
        amounts(invoice),
        payment_form=invoice["payment_form"],
        invoices=[invoicing.invoice_id(invoice)],
        **{"automation_type": "pue_invoice", "automations": [{"type": "pue_invoice"}], **more},
    )
    invoice["payments"].append(payment["id"])
    return payment


def collect(day: Day, place: int) -> None:
    """An instalment of a PPD invoice: the payment, its complement, the new balance."""
    invoice = day.store.get(place)
    if not invoice or invoice["status"] != "valid":
        return
    balance = Decimal(invoice["last_balance"])
    if balance <= 0:
        return
    second = day.moment()
    paid = balance
    if day.chance(0.35) and invoice["installments"] < 4:
        paid = money.rounded(balance * Decimal(day.between(20, 80)) / 100, invoice["currency"])
    payment = _pay_instalment(day, second, invoice, paid)
    complement = _complement(day, second + 30, invoice, payment, balance, paid)
    invoice["payments"].append(payment["id"])
    invoice["invoices"].append(complement["id"])
    invoice["installments"] += 1
    invoice["last_balance"] = balance - paid
    invoice["payment_complements"] = Decimal(invoice["payment_complements"]) + paid
    day.store.put(place, invoice)
    if day.chance(0.02):
        complement_place = positions.place_of(complement["id"])
        if complement_place is not None:
            day.store.plan(day.later(0, 15), complement_place, "cancel_complement")
    if invoice["last_balance"]:
        day.store.plan(day.later(5, 30), place, "collect")


def _pay_instalment(day: Day, second: int, invoice: Record, paid: Decimal) -> Record:
    whole = Decimal(invoice["total"])
    before = Decimal(invoice["payment_complements"])
    taxes = money.share(Decimal(invoice["taxes"]), paid, before, whole)
    if invoice["currency"] == "JPY":
        taxes = money.rounded(taxes, "JPY")
    first = invoice["items"][0]
    item = {name: first[name] for name in _ITEM_FIELDS}
    item |= {
        "description": f"Abono a factura {invoice['series']}-{invoice['folio_number']}",
        "quantity": 1,
        "unit_price": paid - taxes,
        "discount": money.ZERO,
        "taxes": [tax | {"base": paid - taxes} for tax in first.get("taxes", ())[:1]],
    }
    sums = amounts(invoice) | {"total": paid, "subtotal": paid - taxes, "taxes": taxes}
    if invoice["currency"] != "MXN":
        sums["exchange_rate"] = day.exchange_rate(Decimal(invoice["exchange_rate"]))
    return add_payment(
        day,
        second,
        invoice["client"],
        [item],
        sums,
        invoices=[invoicing.invoice_id(invoice)],
        payments=invoice["payments"][-1:],
        automation_type="ppd_invoice_and_complement",
        automations=[{"type": "ppd_invoice_and_complement", "from": "api", "action": "stamp"}],
    )


def _complement(
    day: Day, second: int, invoice: Record, payment: Record, balance: Decimal, paid: Decimal
) -> Record:
    """The CFDI of type P. As in the API's own example its total is the amount paid."""
    text = (
        '<pago20:Pagos Version="2.0"><pago20:Pago '
        f'FechaPago="{local_text(second)}" FormaDePagoP="{payment["payment_form"]}" '
        f'MonedaP="{invoice["currency"]}" Monto="{paid}"><pago20:DoctoRelacionado '
        f'IdDocumento="{invoice["uuid"]}" NumParcialidad="{invoice["installments"] + 1}" '
        f'ImpSaldoAnt="{balance}" ImpPagado="{paid}" ImpSaldoInsoluto="{balance - paid}"/>'
        "</pago20:Pago></pago20:Pagos>"
    )
    place, record = invoicing.cfdi(
        day,
        "P",
        second,
        invoice["client"],
        [],
        currency=invoice["currency"],
        exchange_rate=payment["exchange_rate"],
        total=paid,
        use="CP01",
        payment_form=None,
        payment_method=None,
        payments=[payment["id"]],
        invoices=[invoicing.invoice_id(invoice)],
        complements=[{"type": "pago", "data": text}],
        namespaces=[{"prefix": "pago20", "uri": "http://www.sat.gob.mx/Pagos20"}],
    )
    day.store.add(place, record)
    sat_mirror.show_issued(day, place, record, None)
    return record


def refund(day: Day, place: int) -> None:
    """Give back all or half of a payment, in one or two refunds."""
    payment = day.store.get(place)
    if not payment or payment["status"] != "succeeded" or "total" not in payment:
        return
    total = Decimal(payment["total"])
    is_whole = day.chance(0.6)
    part = money.rounded(total / 2, payment["currency"])
    given = [part, total - part] if is_whole and day.chance(0.2) else [total if is_whole else part]
    for number, amount in enumerate(given, 1):
        payment["refunds"].append(
            {
                "id": f"refund_{place & 0xFFFFFF:x}_{number}",
                "amount": amount,
                "currency": payment["currency"],
                "status": "succeeded",
                "reason": "requested_by_customer",
                "created_at": day.moment(),
                "items": [],
            }
        )
    if is_whole:
        payment["status"] = "refunded"
    day.store.put(place, payment)
