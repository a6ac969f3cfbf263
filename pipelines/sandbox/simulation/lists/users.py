"""The people who work in the teams."""

from pipelines.sandbox.simulation import vocabulary
from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.simulation.day import Day, DayDice
from pipelines.sandbox.simulation.local_time import DAY
from pipelines.sandbox.storage import positions, quirks
from pipelines.sandbox.storage.store import Record


def furnish(day: Day) -> None:
    for index, member in enumerate(day.team.record["members"]):
        place = positions.place_of(member["id"])
        if place is not None:
            dice = day.dice("users", index)
            day.store.add(place, _user(dice, member, day.founded + index))


def simulate_day(day: Day) -> None:
    dice = day.dice("users")
    if dice.chance(0.3):
        log_in(dice)


def log_in(dice: DayDice) -> None:
    day = dice.day
    place, user = dice.pick(list(day.store.objects(day.team.number, "users")))
    day.store.put(place, user | {"last_login": dice.moment()})


def _user(dice: DayDice, member: Record, second: int) -> Record:
    first, last = dice.pick(vocabulary.FIRST_NAMES), dice.pick(vocabulary.LAST_NAMES)
    day = dice.day
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


LISTS = (
    AccountList(
        "users",
        "/users",
        is_single=True,
        quirks=(*quirks.ANY, quirks.camel_case_names),
        furnish=furnish,
        simulate_day=simulate_day,
    ),
)
