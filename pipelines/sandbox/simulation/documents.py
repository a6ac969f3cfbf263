"""Support documents ("materialidad") of clients, invoices and payments, and their review."""

from typing import Any

from pipelines.sandbox.simulation.day import DAY, Day
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
    for _ in range(int(day.random() * 5)):
        add(day, client, "client", client_id, min(second + day.between(60, 9000), day.end - 1))


def add_to_invoice(day: Day, invoice: int, record: Record) -> None:
    name = record.get("id") or record["uuid"]
    add(day, invoice, "invoice", name, record["created_at"] + 1)


def add_to_payment(day: Day, payment: int, payment_id: str, second: int) -> None:
    add(day, payment, "payment", payment_id, second + 1)


def add(day: Day, parent: int, entity_type: str, entity_id: str, second: int) -> None:
    """A document under its parent; a few are linked to something that does not exist as well."""
    place = day.place("documents", second)
    kind = day.pick(TYPES)
    links = [{"entity_type": entity_type, "entity_id": entity_id, "linked_at": second * 1000}]
    if day.chance(0.1):
        links.append({"entity_type": "invoice", "entity_id": "inv_gone", "linked_at": 0})
    day.store.add(
        place,
        {
            "id": positions.object_id("doc_", place),
            "document_type": kind,
            "name": f"Contrato marco Nº {place & 0xFFF}" if kind == "contract" else kind.title(),
            "description": "Firmado por ambas partes" if day.chance(0.5) else None,
            "file_url": f"https://storage.example/{place:x}?signature={day.between(1, 10**9)}",
            "file_name": f"{kind}.pdf",
            "file_size": day.between(2_000, 900_000),
            "mime_type": "application/pdf",
            "compliance_status": day.pick(_STATUSES),
            "compliance_notes": "Falta la firma de «Peña»" if day.chance(0.1) else None,
            **_validity(day, second),
            "ai_extraction": _extraction(day, second) if day.chance(0.7) else None,
            "audits": [_audit(day, entity_type, entity_id, second) for _ in range(_few(day))],
            "created_at": second * 1000,
            "created_by": day.team.owner,
            "updated_at": second * 1000 + 500,
            "linked_entities": links,
        },
    )
    day.store.link_document(parent, place)
    day.store.plan(day.later(2, 60), place, "review")


def review(day: Day, place: int) -> None:
    """Somebody looks at a document again: another status, another audit."""
    record = day.store.get(place)
    if not record:
        return
    second = day.moment()
    record["compliance_status"] = day.pick(("valid", "valid", "rejected", "expired"))
    if len(record["audits"]) < 3:
        link = record["linked_entities"][0]
        record["audits"].append(_audit(day, link["entity_type"], link["entity_id"], second))
    record["updated_at"] = second * 1000
    day.store.put(place, record)


def _few(day: Day) -> int:
    return int(day.random() * day.random() * 4)


def _validity(day: Day, second: int) -> Record:
    """Open-ended (0), already over, over soon, or far away."""
    days = day.pick((0, -20, 10, 400))
    if not days:
        return {"valid_from": 0, "valid_until": 0}
    return {
        "valid_from": (second - 60 * DAY) * 1000,
        "valid_until": (second + days * DAY) * 1000,
    }


def _extraction(day: Day, second: int) -> Record:
    data: dict[str, Any] = {"parte": "Peña & Muñoz", "monto": day.between(100, 90_000)}
    if day.chance(0.3):
        data["fechas"] = {"firma": "2026-01-15", "vigencia": None}
    return {
        "extracted_at": second * 1000 + 300,
        "extracted_by": "ai",
        "model": "m-1",
        "confidence": day.between(30, 100) / 100,
        "extracted_data": data,
        "warnings": ["Firma ilegible", "Página 2 borrosa"][: _few(day)],
    }


def _audit(day: Day, context_type: str, context_id: str, second: int) -> Record:
    result = day.pick(_RESULTS)
    return {
        "context_type": context_type,
        "context_id": context_id,
        "audited_at": second * 1000 + 400,
        "result": result,
        "summary": "Coincide con la operación" if result == "valid" else "No coincide el monto",
        "details": {"regla": "materialidad", "puntos": day.between(0, 100)},
    }
