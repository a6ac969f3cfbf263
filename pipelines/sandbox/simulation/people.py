"""Who the account is made of: clients and services, and how they change."""

from decimal import Decimal
from typing import Any

from pipelines.sandbox.simulation import documents, rfc, vocabulary
from pipelines.sandbox.simulation.day import Day, Service
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record

_DEFAULTS = {
    "keep_full_legal_name": False,
    "issue_automatic_invoices": True,
    "issue_invoiceable_receipts": True,
}
_CFDI_USES = ("G03", "G01", "G03", "I04", "P01")


def person_name(day: Day) -> str:
    return f"{day.pick(vocabulary.FIRST_NAMES)} {day.pick(vocabulary.LAST_NAMES)}"


def company_name(day: Day) -> str:
    return f"{day.pick(vocabulary.TRADES)} {day.pick(vocabulary.LAST_NAMES)}"


def address(day: Day, *, is_foreign: bool = False) -> Record:
    if is_foreign:
        return {"country": "USA", "zip": "78701", "street": "Congress Ave", "city": "Austin"}
    place = day.pick(vocabulary.PLACES)
    return {
        "country": "MEX" if day.chance(0.95) else "Mexico",
        "street": day.pick(vocabulary.STREETS),
        "zip": place.zip,
        "city": place.city,
        "state": place.state,
        "exterior": str(day.between(1, 900)),
        "interior": None,
        "municipality": place.city,
        "neighborhood": place.neighborhood,
    }


def add_client(day: Day, second: int, kind: float, **more: Any) -> None:
    """A new client. `kind` (0 to 1): one in ten has something special about its tax id."""
    place = day.place("clients", second)
    is_person = day.chance(0.35)
    name = person_name(day)
    company = company_name(day)
    legal_name = (name if is_person else company).upper()
    tax_id = rfc.invent(day.rng, legal_name, is_person=is_person)
    tax_id, legal_name, currency = _special(day, kind, tax_id, legal_name)
    is_generic = tax_id in (rfc.GENERIC, rfc.FOREIGN)
    metadata = day.metadata()
    if currency != "MXN":
        metadata = {"currency": currency}
    record: Record = {
        "id": positions.object_id("cus_" if day.chance(0.03) else "client_", place),
        "name": name,
        "company": company,
        "email": f"pagos{day.between(1, 10_000)}@cliente.example",
        "phone": "+52 81 0000 1111" if day.chance(0.7) else None,
        "bcc": ["contabilidad@cliente.example"] if day.chance(0.1) else [],
        "legal_name": legal_name,
        "tax_id": tax_id,
        "tax_system": "616" if is_generic else "612" if is_person else "601",
        "use": "S01" if is_generic else day.pick(_CFDI_USES),
        "address": address(day, is_foreign=tax_id == rfc.FOREIGN),
        "is_valid": None if day.chance(0.05) else day.chance(0.95),
        "efos": {"is_valid": day.chance(0.98)},
        "fiscal_validation": {"status": "valid", "message": "ok"},
        "defaults": _DEFAULTS,
        "metadata": metadata,
        "from": "api",
        "livemode": True,
        "owner": day.team.owner,
        "team": day.team.id,
        "created_at": second,
        **more,
    }
    if day.chance(0.15):
        record["sat_status"] = _sat_status(day, second)
    day.store.add(place, record)
    day.people_changed = True
    documents.add_to_client(day, place, record["id"], second)


def add_sister(day: Day, second: int, number: int) -> None:
    """A client that is another team of the account: its invoices show up in both SAT mirrors."""
    other = day.teams[number].record
    shared = {name: other[name] for name in ("legal_name", "tax_id", "tax_system")}
    add_client(day, second, 0.5, **shared, use="G03", metadata={"sister_team": number})


def change_client(day: Day) -> None:
    client = day.pick(day.team.clients)
    record = client.record | {"address": address(day), "company": company_name(day)}
    if day.chance(0.3):
        record["email"] = f"nuevo{day.between(1, 10_000)}@cliente.example"
    day.store.put(client.place, record)
    day.team.clients.remove(client)  # read again with the rest of the day's changes
    day.people_changed = True


def delete_client(day: Day) -> None:
    if len(day.team.clients) > 3:
        day.store.remove(day.pick(day.team.clients).place)
        day.people_changed = True


def add_service(day: Day, second: int) -> None:
    place = day.place("services", second)
    offer = day.pick(vocabulary.OFFERS)
    factor = Decimal(day.between(80, 121)) / 100
    record: Record = {
        "id": positions.object_id("service_", place),
        "description": offer.description,
        "sku": f"SKU-{place & 0xFFFF}" if day.chance(0.6) else None,
        "product_key": offer.product_key,
        "unit_key": offer.unit_key,
        "unit_name": offer.unit_name,
        "unit_price": (Decimal(offer.price) * factor).quantize(Decimal(offer.price)),
        "taxes": vocabulary.TREATMENTS[offer.treatment],
        "team": day.team.id,
        "created_at": second,
        "livemode": True,
        "owner": day.team.owner,
        "metadata": day.metadata(),
    }
    day.store.add(place, record)
    day.people_changed = True


def change_service(day: Day) -> None:
    service: Service = day.pick(day.team.services)
    price = (service.price * Decimal("1.05")).quantize(service.price)
    day.store.put(service.place, service.record | {"unit_price": price})
    day.people_changed = True


def delete_service(day: Day) -> None:
    if len(day.team.services) > 5:
        day.store.remove(day.pick(day.team.services).place)
        day.people_changed = True


def _special(day: Day, kind: float, tax_id: str, legal_name: str) -> tuple[str, str, str]:
    """Tax id, legal name and currency of a client: a few are wrong, generic or foreign."""
    if kind < 0.01:
        return tax_id[:-1] + "C", legal_name, "MXN"  # the last character is a digit or A
    if kind < 0.03:
        return rfc.spoil(tax_id), legal_name, "MXN"
    if kind < 0.05:
        return rfc.GENERIC, "PUBLICO EN GENERAL", "MXN"
    if kind < 0.10:
        return rfc.FOREIGN, legal_name, "USD" if day.chance(0.7) else "EUR"
    return tax_id, legal_name, "JPY" if kind < 0.11 else "MXN"


def _sat_status(day: Day, second: int) -> Record:
    is_risky = day.chance(0.3)
    hit = {
        "list": "69-B",
        "label": "Operaciones inexistentes",
        "source": "SAT",
        "is_risky": is_risky,
        "detail": {"situación": "Presunto", "oficio": "500-05-2026-1"},
    }
    hits = [hit] + ([hit | {"list": "69", "label": "No localizado"}] if day.chance(0.4) else [])
    return {
        "is_risky": is_risky,
        "efos": {"is_valid": not is_risky},
        "hits": hits,
        "checked_at": second + 60,
    }
