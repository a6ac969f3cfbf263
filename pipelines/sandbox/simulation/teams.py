"""The account's teams, and what each has from the first day: users, series, webhooks."""

from random import Random

from pipelines.sandbox.simulation import rfc, vocabulary
from pipelines.sandbox.simulation.day import DAY, Day
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record, Store

EVENTS = (
    "payment.created",
    "payment.succeeded",
    "invoice.created",
    "invoice.canceled",
    "receipt.completed",
    "customer.updated",
    "service.deleted",
)
_ROLES = ("admin", "editor", "viewer", "member")
_PROVIDERS = ("stripe", "openpay", "conekta", "mercadopago", "shopify", "bank", "netsuite")


def new_team(store: Store, rng: Random, number: int, second: int) -> tuple[int, Record]:
    """A team and its users; nothing is written yet."""
    place = positions.position(positions.SHARED_TEAM, "teams", second + number, store.next_serial())
    name = f"{rng.choice(vocabulary.TRADES)} {rng.choice(vocabulary.LAST_NAMES)}"
    spot = rng.choice(vocabulary.PLACES)
    users = [
        positions.object_id(
            "usr_", positions.position(number, "users", second + user, store.next_serial())
        )
        for user in range(3 + number % 3)
    ]
    return place, {
        "id": positions.object_id("team_", place),
        "legal_name": name.upper(),
        "tax_id": rfc.invent(rng, name, is_person=False),
        "tax_system": rng.choice(("601", "626", "612")),
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
        "integrations": _integrations(rng),
        "metadata": {},
    }


def furnish(day: Day, second: int) -> None:
    """Users, series, integrations and webhooks of a new team."""
    team, store = day.team, day.store
    for index, member in enumerate(team.record["members"]):
        place = positions.place_of(member["id"])
        if place is not None:
            store.add(place, _user(day, member, second + index))
    first = positions.position(team.number, "integrations", second, 0)
    store.add(first, team.record["integrations"])
    for index in range(2 + team.number):
        store.add(*_webhook(day, second + index * 60))


def series(team_number: int, folios: dict[str, int]) -> list[Record] | dict[str, Record]:
    """The folio counters: one team answers with a list, the next with a map."""
    counters = {
        name: {"live": live, "test": 35 + index}
        for index, (name, live) in enumerate(sorted(folios.items()))
    }
    if team_number % 2:
        return counters
    return [{"series": name, **counter} for name, counter in counters.items()]


def visit(day: Day) -> None:
    """A user logs in."""
    users = list(day.store.walk(day.team.number, "users"))
    place, user = day.pick(users)
    day.store.put(place, user | {"last_login": day.moment()})


def switch_webhook(day: Day) -> None:
    hooks = list(day.store.walk(day.team.number, "webhooks"))
    place, hook = day.pick(hooks)
    status = "inactive" if hook["status"] == "active" else "active"
    day.store.put(place, hook | {"status": status})


def _integrations(rng: Random) -> Record:
    wanted = rng.sample(_PROVIDERS, 4)
    found: Record = {name: {"completed": rng.random() < 0.6} for name in wanted}
    found[wanted[0]]["account"] = "acct_1"
    return found


def _user(day: Day, member: Record, second: int) -> Record:
    first, last = day.pick(vocabulary.FIRST_NAMES), day.pick(vocabulary.LAST_NAMES)
    others = day.teams if member["role"] == "admin" else [day.team]
    return {
        "id": member["id"],
        "email": member["email"],
        "name": f"{first} {last}",
        "first_name": first,
        "last_name": last,
        "role": member["role"],
        "phone": None,
        "company_role": "Contaduría",
        "last_login": second + 5 * DAY,
        "teams": [
            {"team_id": team.id, "team_name": team.record["legal_name"], "role": member["role"]}
            for team in others
        ],
        "created_at": second,
    }


def _webhook(day: Day, second: int) -> tuple[int, Record]:
    place = day.place("webhooks", second)
    count = day.between(1, len(EVENTS) + 1)
    return place, {
        "id": positions.object_id("wh_", place),
        "url": f"https://hooks.example/gs?token={day.between(1, 10**8)}",
        "events": list(EVENTS[:count]),
        "status": "active",
        "description": "Contabilidad" if day.chance(0.5) else None,
        "version": "v2",
        "owner": day.team.owner,
        "created_at": second * 1000,
    }
