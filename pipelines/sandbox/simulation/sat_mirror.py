"""What SAT has: the mirror of the invoices the team issued, and those that suppliers sent it."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pipelines.sandbox.simulation import money, people, rfc
from pipelines.sandbox.simulation.day import DAY, MEXICO, Client, Day, Team
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record

_CERTIFICATE = "00001000000500000001"
_PAC = "PAC010101XX1"


def local_text(second: int) -> str:
    """SAT's spelling of a moment: Mexico City wall clock, no zone."""
    day, clock = divmod(second + MEXICO, DAY)
    minutes, seconds = divmod(clock, 60)
    return f"{_date(day)}T{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"


@lru_cache(64)
def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY, UTC).strftime("%Y-%m-%d")


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
    if client and client.sister is not None:
        _show_received(day, day.teams[client.sister], row, invoice["created_at"])
    elif day.chance(0.001):
        _show_received(day, day.team, row, invoice["created_at"])


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


def receive(day: Day) -> None:
    """A supplier's invoice arrives, some days after its date."""
    second = day.moment() - day.between(0, 4) * DAY
    place = day.place("sat_invoices", second)
    name = people.company_name(day).upper()
    price = Decimal(day.between(10_000, 2_500_000)) / 100
    total = price + money.rounded(price * Decimal("0.16"))
    state = day.random()
    row = _row(
        positions.uuid(place),
        "received",
        "I" if state < 0.9 else day.pick(("E", "P", "N", "T")),
        second,
        issuer={"rfc": rfc.invent(day.rng, name, is_person=False), "name": name},
        receiver=day.team.party,
        subtotal=price,
        total=total,
        currency="MXN",
        exchange_rate=1,
        series="A" if state < 0.7 else None,
        folio=str(day.between(1, 99_999)),
    )
    if state < 0.02:
        row |= {"resource_status": "building", "has_xml": False}
    day.store.add(place, row)
    if day.chance(0.03):
        day.store.plan(day.later(5, 60), place, "cancel_received")


def cancel_received(day: Day, place: int) -> None:
    row = day.store.get(place)
    if row:
        row |= {"status": "Cancelado", "cancellation_date": local_text(day.moment())}
        day.store.put(place, row)


def _show_received(day: Day, team: Team, issued: Record, second: int) -> None:
    place = positions.position(team.number, "sat_invoices", second, day.store.next_serial())
    day.store.add(place, {**issued, "direction": "received"})
