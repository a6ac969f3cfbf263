"""Where the team wants to be told of events."""

from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.simulation.day import Day, DayDice
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record

EVENTS = (
    "payment.created",
    "payment.succeeded",
    "invoice.created",
    "invoice.canceled",
    "receipt.completed",
    "customer.updated",
    "service.deleted",
)


def furnish(day: Day) -> None:
    for index in range(2 + day.team.number):
        day.store.add(*_webhook(day.dice("webhooks", index), day.founded + index * 60))


def simulate_day(day: Day) -> None:
    dice = day.dice("webhooks")
    if dice.chance(0.02):
        switch(dice)


def switch(dice: DayDice) -> None:
    """Switch one on or off."""
    day = dice.day
    place, hook = dice.pick(list(day.store.objects(day.team.number, "webhooks")))
    status = "inactive" if hook["status"] == "active" else "active"
    day.store.put(place, hook | {"status": status})


def _webhook(dice: DayDice, second: int) -> tuple[int, Record]:
    place = dice.place(second)
    count = dice.between(1, len(EVENTS) + 1)
    return place, {
        "id": positions.object_id("wh_", place),
        "url": f"https://hooks.example/gs?token={dice.between(1, 10**8)}",
        "events": list(EVENTS[:count]),
        "status": "active",
        "description": "Contabilidad" if dice.chance(0.5) else None,
        "version": "v2",
        "owner": dice.day.team.owner,
        "created_at": second * 1000,
    }


LISTS = (
    AccountList(
        "webhooks",
        "/webhooks",
        cursor=("cursor", "next_cursor"),
        total=None,
        is_single=True,
        filters=("status",),
        furnish=furnish,
        simulate_day=simulate_day,
    ),
)
