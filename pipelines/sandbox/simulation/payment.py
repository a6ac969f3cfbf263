"""The record of a payment, whoever makes it."""

from typing import Any

from pipelines.sandbox.simulation.cfdi import invoice_id
from pipelines.sandbox.simulation.day import Day, DayDice
from pipelines.sandbox.simulation.lists import documents
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record

_METHODS: tuple[list[dict[str, str]], ...] = (
    [{"id": "card"}],
    [{"id": "card"}, {"id": "spei"}],
    [{"id": "oxxo"}],
    [],
)


def add_payment(
    dice: DayDice, second: int, client: Any, items: list[Record], sums: Record, **more: Any
) -> Record:
    """A payment of the amounts in `sums` (total, subtotal, taxes, currency, exchange_rate).

    `dice` are those of the payments.
    """
    day = dice.day
    place = dice.place(second)
    record: Record = {
        "id": positions.object_id("payment_", place),
        "client": client,
        "status": "succeeded",
        **sums,
        "payment_form": "03",
        "payment_processor": dice.pick(("stripe", "openpay", "manual", "bank")),
        "allowed_payment_methods": dice.pick(_METHODS),
        "items": items,
        "invoice_config": {"serie": "F", "folio": 0},
        "invoices": [],
        "receipts": [],
        "payments": [],
        "refunds": [],
        "automations": [],
        "automation_type": "none",
        "metadata": dice.metadata(),
        "emails": [],
        "short_url": f"https://pay.example/p/{place:x}",
        "idempotency_key": f"k-{place}",
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
    if record["payment_processor"] == "stripe" and dice.chance(0.04):
        del record["total"]
    day.store.add(place, record)
    documents.add_to_payment(day, place, record["id"], second)
    if record["status"] == "succeeded" and dice.chance(0.025):
        day.store.plan(dice.later(1, 40), place, "refund")
    return record


def amounts(record: Record) -> Record:
    """The document amounts that a payment copies from an invoice or a receipt."""
    wanted = ("total", "subtotal", "taxes", "currency", "exchange_rate")
    return {name: record[name] for name in wanted}


def pay_at_once(day: Day, place: int, invoice: Record) -> None:
    """The payment of a PUE invoice, at the moment of the invoice."""
    payment = add_payment(
        day.dice("payments", place),
        invoice["created_at"],
        invoice["client"],
        invoice["items"],
        amounts(invoice),
        payment_form=invoice["payment_form"],
        invoices=[invoice_id(invoice)],
        automation_type="pue_invoice",
        automations=[{"type": "pue_invoice"}],
    )
    invoice["payments"].append(payment["id"])
