"""Retentions: tax that the team withheld from somebody else (CFDI Retenciones 2.0)."""

from decimal import Decimal

from pipelines.sandbox.simulation import money, people, rfc
from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.simulation.day import Day, DayDice
from pipelines.sandbox.simulation.local_time import local_text
from pipelines.sandbox.storage import positions, quirks
from pipelines.sandbox.storage.store import Record

_RETENTION_KEYS = ("16", "14", "25", "06")


def simulate_day(day: Day) -> None:
    for number in range(day.dice("retentions").some(day.expected_invoices * 0.02)):
        add_retention(day.dice("retentions", number))


def add_retention(dice: DayDice) -> None:
    """Tax that the team withheld from somebody else (CFDI Retenciones 2.0)."""
    day, second = dice.day, dice.moment()
    place = dice.place(second)
    uuid = positions.uuid(place)
    name = people.person_name(dice).upper()
    base = Decimal(dice.between(100_000, 3_000_000)) / 100
    retained = [_retained("001", base, "0.10")]
    if dice.chance(0.4):
        retained.append(_retained("002", base, "0.106667"))
    month = int(local_text(second)[5:7])
    record: Record = {
        "id": uuid if dice.chance(0.5) else positions.object_id("ret_", place),
        "uuid": uuid,
        "status": "valid",
        "document_type": "retenciones",
        "retention_key": dice.pick(_RETENTION_KEYS),
        "folio_number": str(day.team.next_folio("R")),
        "series": "R",
        "issuer": {name: day.team.record[name] for name in ("legal_name", "tax_id", "tax_system")},
        "receiver": {
            "legal_name": name,
            "tax_id": rfc.invent(dice, name, is_person=True),
            "nationality": "Nacional",
        },
        "period": {"start": month, "end": month, "year": int(local_text(second)[:4])},
        "totals": {
            "total_operation": base,
            "total_taxable": base,
            "total_exempt": money.ZERO,
            "total_retained": sum((tax["amount"] for tax in retained), money.ZERO),
            "tax_retained": retained,
        },
        "stamp": {"uuid": uuid, "stamped_at": _stamped_at(dice, second), "provider": "prodigia"},
        "livemode": True,
        "created_at": second * 1000,
    }
    if dice.chance(0.1):
        del record["issuer"]
    day.store.add(place, record)
    if dice.chance(0.08):
        day.store.plan(dice.later(1, 40), place, "cancel_retention")


def cancel_retention(day: Day, place: int, _: str) -> None:
    record = day.store.get(place)
    if record:
        day.store.put(place, record | {"status": "canceled"})


def _retained(tax: str, base: Decimal, rate: str) -> Record:
    amount = money.rounded(base * Decimal(rate))
    return {"tax": tax, "base": base, "amount": amount, "payment_type": "03"}


def _stamped_at(dice: DayDice, second: int) -> str:
    return local_text(second) + (".000Z" if dice.chance(0.5) else "")


LISTS = (
    AccountList(
        "retentions",
        "/retentions",
        total="total_count",
        is_single=True,
        filters=("status", "retention_key"),
        quirks=(quirks.other_key_order, *[quirks.american_spelling] * 2),
        simulate_day=simulate_day,
        events={"cancel_retention": cancel_retention},
    ),
)
