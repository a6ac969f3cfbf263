"""Clients with every flaw, and documents with every link, written by hand."""

from typing import Any

from .hand import Record, at


def _client(key: str, **more: Any) -> Record:
    return {
        "id": key,
        "name": key,
        "email": None,
        "legal_name": "ESCUELA KEMPER URGATE",
        "tax_id": "EKU9003173C9",
        "tax_system": "601",
        "use": "G03",
        "address": {"zip": "64000", "country": "MEX"},
        "is_valid": True,
        "efos": {"is_valid": True},
        "livemode": True,
        "created_at": at("2026-07-01"),
        "metadata": {},
        **more,
    }


def clients() -> list[Record]:
    return [
        _client("p1", metadata={"payment_terms_days": 30}),
        _client("p2", tax_system=None, address={"zip": ""}, legal_name=None),
        _client("p3", tax_id="XIQB891116QE4"),
        _client("p4", tax_system="605", use="G01", tax_id="xiqb-891116 QE4"),
        _client("p5", is_valid=False, sat_status={"is_risky": True, "efos": {"is_valid": False}}),
        _client("p6", tax_id=None, created_at=at("2026-09-15")),
    ]


def _document(key: str, kind: str, entity: str, name: str, **more: Any) -> Record:
    created = at("2026-07-05") * 1000
    return {
        "id": key,
        "document_type": kind,
        "name": kind,
        "compliance_status": "valid",
        "linked_entities": [{"entity_type": entity, "entity_id": name, "linked_at": created}],
        "valid_from": 0,
        "valid_until": 0,
        "audits": [],
        "created_at": created,
        "updated_at": created,
        **more,
    }


def documents() -> list[Record]:
    """The first link of each names the parent under which the API lists it."""
    ends, later = at("2026-09-20") * 1000, at("2027-06-30") * 1000

    def audit(day: str, result: str) -> Record:
        about = {"context_type": "client", "context_id": "p1", "summary": result}
        return {**about, "result": result, "audited_at": at(day) * 1000}

    audits = [audit("2026-09-10", "invalid"), audit("2026-08-10", "valid")]
    return [
        _document("d1", "contract", "client", "p1", valid_until=ends, audits=audits),
        _document(
            "d2",
            "contract",
            "client",
            "p1",
            created_at=at("2026-09-01") * 1000,
            valid_from=at("2026-09-01") * 1000,
            valid_until=later,
        ),
        _document("d3", "delivery_proof", "invoice", "t1", compliance_status="pending_review"),
        _document("d4", "payment_proof", "payment", "t1p", compliance_status="rejected"),
        _document("d5", "delivery_proof", "payment", "t2p"),
        _document("d6", "communication", "client", "p2", valid_from=at("2026-09-01") * 1000),
    ]
