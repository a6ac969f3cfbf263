"""The account's teams, and what each answers about itself: series, integrations."""

from pipelines.sandbox.simulation import rfc, vocabulary
from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.simulation.day import Day
from pipelines.sandbox.simulation.dice import Dice
from pipelines.sandbox.simulation.local_time import DAY
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record

_ROLES = ("admin", "editor", "viewer", "member")
_PROVIDERS = ("stripe", "openpay", "conekta", "mercadopago", "shopify", "bank", "netsuite")


def new_team(dice: Dice, number: int, second: int) -> tuple[int, Record]:
    """A team with the ids of its users; nothing is written yet."""
    place = positions.position(positions.SHARED_TEAM, "teams", second + number, _serial(dice))
    name = f"{dice.pick(vocabulary.TRADES)} {dice.pick(vocabulary.LAST_NAMES)}"
    spot = dice.pick(vocabulary.PLACES)
    users = [
        positions.object_id(
            "usr_", positions.position(number, "users", second + user, _serial(dice))
        )
        for user in range(3 + number % 3)
    ]
    return place, {
        "id": positions.object_id("team_", place),
        "legal_name": name.upper(),
        "tax_id": rfc.invent(dice, name, is_person=False),
        "tax_system": dice.pick(("601", "626", "612")),
        "address": {"country": "MEX", "zip": spot.zip, "city": spot.city, "state": spot.state},
        "brand": {
            "alias": name,
            "primary_color": "#102030",
            "secondary_color": "#f0e0d0",
            "logo": None,
        },
        "settings": {
            "periodicity": {"label": "Mes", "value": "month"} if number % 2 == 0 else "month",
            "use": "G03",
            "avoid_receipts": False,
            "global_invoice_disabled": None,
            "taxes": [{"type": "IVA", "rate": "0.16", "factor": "Tasa"}],
            "emails": {"bcc": ["copia@equipo.example"], "invoice_subject": "Tu factura ✔"},
        },
        "support_email": "ayuda@equipo.example",
        "support_phone": "+52 55 0000 2222",
        "owner": users[0],
        "created_at": second + number,
        "credit_limit": 500 * (number + 1),
        "used_credits": 41 + number,
        "credit_period_start": second * 1000,
        "billing": {"credits": 459},
        "sat": {
            "completed": True,
            "connected_at": second + 3600,
            "csd_expires_at": second + 1200 * DAY,
        },
        "members": [
            {"id": user, "email": f"u{index}@equipo.example", "role": _ROLES[index % 4]}
            for index, user in enumerate(users)
        ],
        "integrations": _integrations(dice),
        "metadata": {},
    }


def furnish_integrations(day: Day) -> None:
    place = positions.position(day.team.number, "integrations", day.founded, 0)
    day.store.add(place, day.team.record["integrations"])


def series(team_number: int, folios: dict[str, int]) -> list[Record] | dict[str, Record]:
    """The folio counters: one team answers with a list, the next with a map."""
    counters = {
        name: {"live": live, "test": 35 + index}
        for index, (name, live) in enumerate(sorted(folios.items()))
    }
    if team_number % 2:
        return counters
    return [{"series": name, **counter} for name, counter in counters.items()]


def _integrations(dice: Dice) -> Record:
    wanted = dice.sample(_PROVIDERS, 4)
    found: Record = {name: {"completed": dice.chance(0.6)} for name in wanted}
    found[wanted[0]]["account"] = "acct_1"
    return found


def _serial(dice: Dice) -> int:
    return dice.between(0, 1 << positions.SERIAL_BITS)


LISTS = (
    AccountList("teams", "/teams", is_shared=True),
    AccountList("integrations", furnish=furnish_integrations),
)
