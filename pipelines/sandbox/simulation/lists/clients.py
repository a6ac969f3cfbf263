"""The clients: who they are, and how they change."""

from typing import Any

from pipelines.sandbox.simulation import people, rfc
from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.simulation.day import Day, DayDice
from pipelines.sandbox.simulation.lists import documents
from pipelines.sandbox.storage import positions, quirks
from pipelines.sandbox.storage.store import Record

GOLDEN = 0.6180339887  # spreads the kinds of clients evenly, however few there are
BEFORE_THE_FIRST_DAY = 0.7  # of the clients that a team will have
_DEFAULTS = {
    "keep_full_legal_name": False,
    "issue_automatic_invoices": True,
    "issue_invoiceable_receipts": True,
}
_CFDI_USES = ("G03", "G01", "G03", "I04", "P01")


def furnish(day: Day) -> None:
    """Most of the clients, and the second team as a client of the first."""
    for number in range(max(3, int(day.team.clients_wanted * BEFORE_THE_FIRST_DAY))):
        kind = (0.6 + number * GOLDEN) % 1
        add_client(day.dice("clients", number), day.founded + 9000 + number * 60, kind)
    if day.team.number == 0 and len(day.teams) > 1:
        add_sister(day.dice("clients"), day.start, 1)


def simulate_day(day: Day) -> None:
    dice, team = day.dice("clients"), day.team
    missing = max(team.clients_wanted - len(team.clients), 0)
    for number in range(dice.some(min(missing, team.clients_wanted * 0.01 + 0.05))):
        new = day.dice("clients", number)
        add_client(new, new.moment(), new.random())
    for _ in range(dice.some(len(team.clients) * 0.005)):
        change_client(dice)
    if dice.chance(0.03):
        delete_client(dice)


def add_client(dice: DayDice, second: int, kind: float, **more: Any) -> None:
    """A new client. `kind` (0 to 1): one in ten has something special about its tax id."""
    day = dice.day
    place = dice.place(second)
    is_person = dice.chance(0.35)
    name = people.person_name(dice)
    company = people.company_name(dice)
    legal_name = (name if is_person else company).upper()
    tax_id = rfc.invent(dice, legal_name, is_person=is_person)
    tax_id, legal_name, currency = _special(dice, kind, tax_id, legal_name)
    is_generic = tax_id in (rfc.GENERIC, rfc.FOREIGN)
    metadata = dice.metadata()
    if currency != "MXN":
        metadata = {"currency": currency}
    record: Record = {
        "id": positions.object_id("cus_" if dice.chance(0.03) else "client_", place),
        "name": name,
        "company": company,
        "email": f"pagos{dice.between(1, 10_000)}@cliente.example",
        "phone": "+52 81 0000 1111" if dice.chance(0.7) else None,
        "bcc": ["contabilidad@cliente.example"] if dice.chance(0.1) else [],
        "legal_name": legal_name,
        "tax_id": tax_id,
        "tax_system": "616" if is_generic else "612" if is_person else "601",
        "use": "S01" if is_generic else dice.pick(_CFDI_USES),
        "address": people.address(dice, is_foreign=tax_id == rfc.FOREIGN),
        "is_valid": None if dice.chance(0.05) else dice.chance(0.95),
        "efos": {"is_valid": dice.chance(0.98)},
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
    if dice.chance(0.15):
        record["sat_status"] = _sat_status(dice, second)
    day.store.add(place, record)
    day.are_people_changed = True
    documents.add_to_client(day, place, record["id"], second)


def add_sister(dice: DayDice, second: int, number: int) -> None:
    """A client that is another team of the account: its invoices show up in both SAT mirrors."""
    other = dice.day.teams[number].record
    shared = {name: other[name] for name in ("legal_name", "tax_id", "tax_system")}
    add_client(dice, second, 0.5, **shared, use="G03", metadata={"sister_team": number})


def change_client(dice: DayDice) -> None:
    day = dice.day
    client = dice.pick(day.team.clients)
    record = client.record | {"address": people.address(dice), "company": people.company_name(dice)}
    if dice.chance(0.3):
        record["email"] = f"nuevo{dice.between(1, 10_000)}@cliente.example"
    day.store.put(client.place, record)
    day.team.clients.remove(client)  # read again with the rest of the day's changes
    day.are_people_changed = True


def delete_client(dice: DayDice) -> None:
    day = dice.day
    if len(day.team.clients) > 3:
        day.store.remove(dice.pick(day.team.clients).place)
        day.are_people_changed = True


def _special(dice: DayDice, kind: float, tax_id: str, legal_name: str) -> tuple[str, str, str]:
    """Tax id, legal name and currency of a client: a few are wrong, generic or foreign."""
    if kind < 0.01:
        return tax_id[:-1] + "C", legal_name, "MXN"  # the last character is a digit or A
    if kind < 0.03:
        return rfc.spoil(tax_id), legal_name, "MXN"
    if kind < 0.05:
        return rfc.GENERIC, "PUBLICO EN GENERAL", "MXN"
    if kind < 0.10:
        return rfc.FOREIGN, legal_name, "USD" if dice.chance(0.7) else "EUR"
    return tax_id, legal_name, "JPY" if kind < 0.11 else "MXN"


def _sat_status(dice: DayDice, second: int) -> Record:
    is_risky = dice.chance(0.3)
    hit = {
        "list": "69-B",
        "label": "Operaciones inexistentes",
        "source": "SAT",
        "is_risky": is_risky,
        "detail": {"situación": "Presunto", "oficio": "500-05-2026-1"},
    }
    hits = [hit] + ([hit | {"list": "69", "label": "No localizado"}] if dice.chance(0.4) else [])
    return {
        "is_risky": is_risky,
        "efos": {"is_valid": not is_risky},
        "hits": hits,
        "checked_at": second + 60,
    }


LISTS = (
    AccountList(
        "clients",
        "/clients",
        is_single=True,
        quirks=(*quirks.ANY, quirks.times_with_offset),
        furnish=furnish,
        simulate_day=simulate_day,
    ),
)
