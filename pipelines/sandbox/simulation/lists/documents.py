"""Support documents ("materialidad") of clients, invoices and payments, and their review."""

from typing import Any

from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.simulation.day import Day, DayDice
from pipelines.sandbox.simulation.dice import Dice
from pipelines.sandbox.simulation.local_time import DAY
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record

TYPES = (
    "contract",
    "delivery_proof",
    "payment_proof",
    "communication",
    "payment_confirmation",
    "subscription_info",
)
_STATUSES = ("pending_review", "pending_review", "valid", "valid", "requires_update", "expired")
_RESULTS = ("valid", "valid", "invalid", "needs_review")


def add_to_client(day: Day, client: int, client_id: str, second: int) -> None:
    dice = day.dice("documents", client)
    for _ in range(int(dice.random() * 5)):
        uploaded = min(second + dice.between(60, 9000), day.end - 1)
        add(dice, client, "client", client_id, uploaded)


def add_to_invoice(day: Day, invoice: int, record: Record) -> None:
    """Proof of one invoice in fifty."""
    dice = day.dice("documents", invoice)
    if dice.chance(0.02):
        name = record.get("id") or record["uuid"]
        add(dice, invoice, "invoice", name, record["created_at"] + 1)


def add_to_payment(day: Day, payment: int, payment_id: str, second: int) -> None:
    """Proof of one payment in a hundred."""
    dice = day.dice("documents", payment)
    if dice.chance(0.01):
        add(dice, payment, "payment", payment_id, second + 1)


def add(dice: DayDice, parent: int, entity_type: str, entity_id: str, second: int) -> None:
    """A document under its parent; a few are linked to something that does not exist as well."""
    day, place = dice.day, dice.place(second)
    kind = dice.pick(TYPES)
    links = [{"entity_type": entity_type, "entity_id": entity_id, "linked_at": second * 1000}]
    if dice.chance(0.1):
        links.append({"entity_type": "invoice", "entity_id": "inv_gone", "linked_at": 0})
    day.store.add(
        place,
        {
            "id": positions.object_id("doc_", place),
            "document_type": kind,
            "name": f"Contrato marco Nº {place & 0xFFF}" if kind == "contract" else kind.title(),
            "description": "Firmado por ambas partes" if dice.chance(0.5) else None,
            "file_url": f"https://storage.example/{place:x}?signature={dice.between(1, 10**9)}",
            "file_name": f"{kind}.pdf",
            "file_size": dice.between(2_000, 900_000),
            "mime_type": "application/pdf",
            "compliance_status": dice.pick(_STATUSES),
            "compliance_notes": "Falta la firma de «Peña»" if dice.chance(0.1) else None,
            **_validity(dice, second),
            "ai_extraction": _extraction(dice, second) if dice.chance(0.7) else None,
            "audits": [_audit(dice, entity_type, entity_id, second) for _ in range(_few(dice))],
            "created_at": second * 1000,
            "created_by": day.team.owner,
            "updated_at": second * 1000 + 500,
            "linked_entities": links,
        },
    )
    day.store.link_document(parent, place)
    day.store.plan(dice.later(2, 60), place, "review")


def review(day: Day, place: int, _: str) -> None:
    """Somebody looks at a document again: another status, another audit."""
    record = day.store.get(place)
    if not record:
        return
    dice = day.dice("documents", place)
    second = dice.moment()
    record["compliance_status"] = dice.pick(("valid", "valid", "rejected", "expired"))
    if len(record["audits"]) < 3:
        link = record["linked_entities"][0]
        record["audits"].append(_audit(dice, link["entity_type"], link["entity_id"], second))
    record["updated_at"] = second * 1000
    day.store.put(place, record)


def _few(dice: Dice) -> int:
    return int(dice.random() * dice.random() * 4)


def _validity(dice: Dice, second: int) -> Record:
    """Open-ended (0), already over, over soon, or far away."""
    days = dice.pick((0, -20, 10, 400))
    if not days:
        return {"valid_from": 0, "valid_until": 0}
    return {
        "valid_from": (second - 60 * DAY) * 1000,
        "valid_until": (second + days * DAY) * 1000,
    }


def _extraction(dice: Dice, second: int) -> Record:
    data: dict[str, Any] = {"parte": "Peña & Muñoz", "monto": dice.between(100, 90_000)}
    if dice.chance(0.3):
        data["fechas"] = {"firma": "2026-01-15", "vigencia": None}
    return {
        "extracted_at": second * 1000 + 300,
        "extracted_by": "ai",
        "model": "m-1",
        "confidence": dice.between(30, 100) / 100,
        "extracted_data": data,
        "warnings": ["Firma ilegible", "Página 2 borrosa"][: _few(dice)],
    }


def _audit(dice: Dice, context_type: str, context_id: str, second: int) -> Record:
    result = dice.pick(_RESULTS)
    return {
        "context_type": context_type,
        "context_id": context_id,
        "audited_at": second * 1000 + 400,
        "result": result,
        "summary": "Coincide con la operación" if result == "valid" else "No coincide el monto",
        "details": {"regla": "materialidad", "puntos": dice.between(0, 100)},
    }


LISTS = (AccountList("documents", events={"review": review}),)
