"""What SAT has: the mirror of the invoices the team issued, and those that suppliers sent it."""

from decimal import Decimal
from typing import Any

from pipelines.sandbox.simulation import money, people, rfc
from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.simulation.day import Client, Day, DayDice
from pipelines.sandbox.simulation.local_time import DAY, local_text
from pipelines.sandbox.storage import positions, quirks
from pipelines.sandbox.storage.store import Record

_CERTIFICATE = "00001000000500000001"
_PAC = "PAC010101XX1"


def _row(uuid: str, direction: str, kind: str, second: int, **more: Any) -> Record:
    issued = local_text(second)
    return {
        "uuid": uuid,
        "direction": direction,
        "invoice_type": kind,
        "resource_status": "ready",
        "has_xml": True,
        "status": "Vigente",
        "issue_date": issued,
        "stamp_date": issued,
        "cancellation_date": None,
        "pac_rfc": _PAC,
        "version": "4.0",
        "certificate_number": _CERTIFICATE,
        **more,
    }


def show_issued(day: Day, place: int, invoice: Record, client: Client | None) -> None:
    """Mirror a stamped invoice, on the receiver's side too where that is a team of the account."""
    if invoice["uuid"] is None:
        return
    row = _row(
        invoice["uuid"],
        "issued",
        invoice["invoice_type"],
        invoice["created_at"],
        issuer=day.team.party,
        receiver=client.party if client else _party(invoice["client"]),
        subtotal=invoice["subtotal"],
        total=invoice["total"],
        currency=invoice["currency"],
        exchange_rate=invoice["exchange_rate"],
        series=invoice["series"],
        folio=str(invoice["folio_number"]),
    )
    day.store.add(mirror_place(place), row)
    dice = day.dice("sat_invoices", place)
    if client and client.sister is not None:
        _show_received(dice, client.sister, row, invoice["created_at"])
    elif dice.chance(0.001):
        _show_received(dice, day.team.number, row, invoice["created_at"])


def _party(client: Record) -> Record:
    return {"rfc": client["tax_id"], "name": client.get("legal_name")}


def mirror_place(place: int) -> int:
    """Where the SAT mirror of a team's own invoice is kept."""
    return positions.moved(place, positions.team_of(place), "sat_invoices")


def show_cancelled(day: Day, place: int, second: int) -> None:
    row = day.store.get(mirror_place(place))
    if row:
        row |= {"status": "Cancelado", "cancellation_date": local_text(second)}
        day.store.put(mirror_place(place), row)


def simulate_day(day: Day) -> None:
    for number in range(day.dice("sat_invoices").some(day.expected_invoices * 0.25)):
        receive(day.dice("sat_invoices", number))


def receive(dice: DayDice) -> None:
    """A supplier's invoice arrives, some days after its date."""
    day = dice.day
    second = dice.moment() - dice.between(0, 4) * DAY
    place = dice.place(second)
    name = people.company_name(dice).upper()
    price = Decimal(dice.between(10_000, 2_500_000)) / 100
    total = price + money.rounded(price * Decimal("0.16"))
    state = dice.random()
    row = _row(
        positions.uuid(place),
        "received",
        "I" if state < 0.9 else dice.pick(("E", "P", "N", "T")),
        second,
        issuer={"rfc": rfc.invent(dice, name, is_person=False), "name": name},
        receiver=day.team.party,
        subtotal=price,
        total=total,
        currency="MXN",
        exchange_rate=1,
        series="A" if state < 0.7 else None,
        folio=str(dice.between(1, 99_999)),
    )
    if state < 0.02:
        row |= {"resource_status": "building", "has_xml": False}
    day.store.add(place, row)
    if dice.chance(0.03):
        day.store.plan(dice.later(5, 60), place, "cancel_received")


def cancel_received(day: Day, place: int, _: str) -> None:
    row = day.store.get(place)
    if row:
        second = day.dice("sat_invoices", place).moment()
        row |= {"status": "Cancelado", "cancellation_date": local_text(second)}
        day.store.put(place, row)


def _show_received(dice: DayDice, team: int, issued: Record, second: int) -> None:
    place = dice.place(second, team=team)
    dice.day.store.add(place, {**issued, "direction": "received"})


LISTS = (
    AccountList(
        "sat_invoices",
        "/invoices/sat",
        cursor=("starting_after", "next"),
        filters=("status", "direction", "invoice_type", "issuer_rfc", "receiver_rfc"),
        quirks=(
            quirks.other_key_order,
            quirks.amounts_as_text,
            *[quirks.uuid_in_upper_case] * 2,
        ),
        simulate_day=simulate_day,
        events={"cancel_received": cancel_received},
    ),
)
