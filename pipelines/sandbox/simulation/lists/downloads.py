"""Requests for CFDI that SAT answers later."""

from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.simulation.day import Day, DayDice
from pipelines.sandbox.simulation.local_time import DAY, local_text
from pipelines.sandbox.storage import positions


def simulate_day(day: Day) -> None:
    dice = day.dice("downloads")
    if dice.chance(0.15):
        request_download(dice)


def request_download(dice: DayDice) -> None:
    """Ask SAT for a week of CFDI; the answer comes the next day."""
    day, second = dice.day, dice.moment()
    place = dice.place(second)
    day.store.add(
        place,
        {
            "id": positions.object_id("req_", place),
            "rfcType": dice.pick(("issued", "received")),
            "startDate": local_text(second - 7 * DAY)[:10],
            "endDate": local_text(second)[:10],
            "status": "pending",
            "invoiceCount": 0,
            "processedCount": 0,
            "statusMessage": None,
            "source": "manual",
            "owner": day.team.owner,
            "createdAt": second * 1000,
            "completedAt": None,
        },
    )
    day.store.plan(dice.later(0, 1), place, "complete_download")


def complete_download(day: Day, place: int, _: str) -> None:
    record = day.store.get(place)
    if not record:
        return
    dice = day.dice("downloads", place)
    count = dice.between(0, 40)
    is_complete = dice.chance(0.9)
    record |= {
        "status": "completed" if is_complete else "failed",
        "statusMessage": None if is_complete else "SAT no respondió",
        "invoiceCount": count,
        "processedCount": count if is_complete else 0,
        "completedAt": dice.moment() * 1000,
    }
    day.store.put(place, record)


LISTS = (
    AccountList(
        "downloads", simulate_day=simulate_day, events={"complete_download": complete_download}
    ),
)
