"""One team's day: who is there, what time it is, and the dice of every list."""

from decimal import Decimal

import msgspec

from pipelines.sandbox.simulation.dice import Dice, origin_of, scattered
from pipelines.sandbox.simulation.local_time import DAY, MEXICO
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record, Store, decode, encode

YEARS_BEFORE = 200 * DAY  # how old the account is on its first day
_WEEK = (1.2, 1.2, 1.2, 1.2, 1.2, 0.6, 0.4)  # how much more or less is issued, from Monday on
EXCHANGE_SWING = Decimal("0.000137")
# a serial number begins with its day, so that only objects made on one day can want the same
DAYS_APART = 32  # no object is dated further back, except what was there before the first day
SERIALS_A_DAY = (1 << positions.SERIAL_BITS) // DAYS_APART


class Client:
    """A client as the invoices of the day quote it."""

    def __init__(self, place: int, record: Record) -> None:
        self.place = place
        self.record = record
        self.id: str = record["id"]
        self.tax_id: str = record["tax_id"]
        self.currency: str = record["metadata"].get("currency", "MXN")
        self.sister: int | None = record["metadata"].get("sister_team")
        self.party = msgspec.Raw(encode({"rfc": self.tax_id, "name": record["legal_name"]}))
        quoted = ("id", "name", "email", "legal_name", "tax_id", "tax_system", "use")
        self.full = msgspec.Raw(encode(record))
        address = {name: record["address"].get(name) for name in ("country", "state", "zip")}
        snapshot = {name: record[name] for name in quoted} | {"address": address}
        self.quoted = msgspec.Raw(encode(snapshot))
        self.brief = msgspec.Raw(encode({name: record[name] for name in ("id", "name", "tax_id")}))


class Service:
    """A service as an item refers to it."""

    def __init__(self, place: int, record: Record) -> None:
        self.place = place
        self.record = record
        self.price = Decimal(record["unit_price"])
        self.taxes: list[Record] = record["taxes"]
        self.is_withheld = any(tax["withholding"] for tax in self.taxes)
        wanted = ("id", "description", "sku", "product_key", "unit_key", "unit_name")
        self.quoted = {name: record[name] for name in wanted}
        self.quoted["taxability"] = "02" if self.taxes else "01"


class Team:
    """What the simulation keeps in memory of a team; all of it is in the file as well."""

    def __init__(self, number: int, record: Record, state: Record) -> None:
        self.number = number
        self.record = record
        self.id: str = record["id"]
        self.owner: str = record["owner"]
        self.issuer = msgspec.Raw(
            encode(
                {
                    "legal_name": record["legal_name"],
                    "tax_id": record["tax_id"],
                    "tax_system": record["tax_system"],
                    "zip": record["address"]["zip"],
                }
            )
        )
        party = {"rfc": record["tax_id"], "name": record["legal_name"]}
        self.party = msgspec.Raw(encode(party))
        self.folios: dict[str, int] = state["folios"]
        self.invoices_per_day = float(state["invoices_per_day"])
        self.clients_wanted: int = state["clients"]
        self.clients: list[Client] = []
        self.client_by_id: dict[str, Client] = {}
        self.services: list[Service] = []
        self.retail: list[Service] = []  # what the public buys: nobody withholds tax on it

    def read_people(self, store: Store) -> None:
        """Clients and services in order of position, as a restart would find them."""
        known = {client.place: client for client in self.clients}
        self.clients = [
            known[place] if place in known else Client(place, decode(body))
            for place, body in store.clean(self.number, "clients")
        ]
        self.client_by_id = {client.id: client for client in self.clients}
        sold = {service.place: service for service in self.services}
        self.services = [
            sold[place] if place in sold else Service(place, decode(body))
            for place, body in store.clean(self.number, "services")
        ]
        self.retail = [service for service in self.services if not service.is_withheld]

    def next_folio(self, series: str) -> int:
        self.folios[series] = self.folios.get(series, 0) + 1
        return self.folios[series]

    def state(self) -> Record:
        return {
            "folios": self.folios,
            "invoices_per_day": str(self.invoices_per_day),
            "clients": self.clients_wanted,
        }


class Day:
    """Twenty-four hours of a team, from `start` (epoch second)."""

    def __init__(self, store: Store, teams: list[Team], number: int, start: int, seed: int) -> None:
        self.store = store
        self.teams = teams
        self.team = teams[number]
        self.start = start
        self.end = start + DAY
        self.are_people_changed = False
        self.first_serial = start // DAY % DAYS_APART * SERIALS_A_DAY
        weekday = (start // DAY + 3) % 7
        self.expected_invoices = self.team.invoices_per_day * _WEEK[weekday]
        self._origin = origin_of(f"{seed}:{number}:{start}")

    def dice(self, name: str, cause: int = -1) -> "DayDice":
        """The dice of a list for one happening of this day.

        `cause` tells the happening apart: the position of the object that brings it about, or the
        how manyth new object of the list it is. So whatever else happens leaves it as it is.
        """
        return DayDice(self, name, scattered(self._origin, positions.NUMBERS[name], cause))

    @property
    def founded(self) -> int:
        """The second since when there is what was there before the first day."""
        return self.end - YEARS_BEFORE

    def exchange_rate(self, rate: Decimal) -> Decimal:
        """The rate of the day: it moves a little, deterministically."""
        swing = (self.start // DAY * 7919) % 400 - 200
        return (rate * (1 + EXCHANGE_SWING * swing)).quantize(Decimal("0.000001"))


class DayDice(Dice):
    """What chance decides about one happening of a list on a team's day."""

    __slots__ = ("day", "name")

    def __init__(self, day: Day, name: str, state: int) -> None:
        self._state = state
        self.day = day
        self.name = name

    def moment(self) -> int:
        """A second of the day, mostly in business hours (Mexico City)."""
        start = self.day.start
        if self.chance(0.1):
            return start + int(self.random() * DAY)
        opening = (-start - MEXICO + 8 * 3600) % DAY
        return start + (opening + int(self.random() * 36_000)) % DAY

    def later(self, first_day: int, last_day: int) -> int:
        """A second that many days ahead."""
        return self.day.end + int((first_day + self.random() * (last_day - first_day)) * DAY)

    def place(self, second: int, *, team: int | None = None, mirrored_in: str | None = None) -> int:
        """Where an object of the list is kept, in this team unless another is named.

        `mirrored_in` is the list that shows the object a second time, at the same second and
        serial number: both places are free.
        """
        day = self.day
        number = day.team.number if team is None else team
        first = positions.position(number, self.name, second, day.first_serial)
        serial = int(self.random() * SERIALS_A_DAY)
        while True:
            place = first + serial
            mirror = positions.moved(place, number, mirrored_in) if mirrored_in else None
            if day.store.reserve(place, mirror):
                return place
            serial = (serial + 1) % SERIALS_A_DAY
