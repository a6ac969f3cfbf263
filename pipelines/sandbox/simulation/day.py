"""One team's day: who is there, what time it is, and the dice."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

import msgspec

from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record, Store, decode, encode

T = TypeVar("T")
DAY = 86_400
MEXICO = -6 * 3600  # Mexico City has had no daylight saving since October 2022
EXCHANGE_SWING = Decimal("0.000137")


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
        self.services = [Service(*row) for row in store.walk(self.number, "services")]
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

    def __init__(self, store: Store, teams: list[Team], number: int, start: int, seed: str) -> None:
        self.store = store
        self.teams = teams
        self.team = teams[number]
        self.start = start
        self.end = start + DAY
        self.rng = Random(seed)  # noqa: S311 - a game, not a secret
        self.random = self.rng.random
        self.people_changed = False

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self.random() * len(choices))]

    def between(self, low: int, high: int) -> int:
        """A whole number, low <= n < high."""
        return low + int(self.random() * (high - low))

    def moment(self) -> int:
        """A second of the day, mostly in business hours (Mexico City)."""
        if self.chance(0.1):
            return self.start + int(self.random() * DAY)
        opening = (-self.start - MEXICO + 8 * 3600) % DAY
        return self.start + (opening + int(self.random() * 36_000)) % DAY

    def some(self, expected: float) -> int:
        """How many happen today of what happens `expected` times a day on average."""
        return int(expected + self.random())

    def later(self, first_day: int, last_day: int) -> int:
        """A second that many days ahead."""
        return self.end + int((first_day + self.random() * (last_day - first_day)) * DAY)

    def place(self, stream: str, second: int) -> int:
        """Where an object of today is kept; every one has a serial number of its own."""
        return positions.position(self.team.number, stream, second, self.store.next_serial())

    def exchange_rate(self, rate: Decimal) -> Decimal:
        """The rate of the day: it moves a little, deterministically."""
        swing = (self.start // DAY * 7919) % 400 - 200
        return (rate * (1 + EXCHANGE_SWING * swing)).quantize(Decimal("0.000001"))

    def metadata(self) -> Record:
        """What customers put there: nothing, a flat map, or any depth."""
        die = self.random()
        if die < 0.6:
            return {}
        if die < 0.9:
            return {"order": str(int(die * 1e6)), "canal": "web" if die < 0.8 else "teléfono"}
        deep: dict[str, Any] = {"nivel": {"más": [1, {"ñ": None}], "ok": True}, "nota": 'dijo "sí"'}
        return deep


def month_end(second: int) -> int:
    """The first second of the next month in Mexico City, as an epoch second."""
    local = datetime.fromtimestamp(second + MEXICO, UTC)
    year, month = divmod(local.year * 12 + local.month, 12)
    return int(datetime(year, month + 1, 1, tzinfo=UTC).timestamp()) - MEXICO
