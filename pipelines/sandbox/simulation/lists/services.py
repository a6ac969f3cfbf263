"""What the team sells, and how its prices change."""

from decimal import Decimal

from pipelines.sandbox.simulation import vocabulary
from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.simulation.day import Day, DayDice, Service
from pipelines.sandbox.simulation.vocabulary import Offer
from pipelines.sandbox.storage import positions, quirks
from pipelines.sandbox.storage.store import Record


def furnish(day: Day) -> None:
    """Every offer once, so that no account lacks one."""
    for number, offer in enumerate(vocabulary.OFFERS):
        add_service(day.dice("services", number), day.founded + number * 600, offer)


def simulate_day(day: Day) -> None:
    dice = day.dice("services")
    if dice.chance(0.05):
        add_service(dice, dice.moment(), dice.pick(vocabulary.OFFERS))
    if dice.chance(0.04):
        change_service(dice)
    if dice.chance(0.03):
        delete_service(dice)


def add_service(dice: DayDice, second: int, offer: Offer) -> None:
    day = dice.day
    place = dice.place(second)
    factor = Decimal(dice.between(80, 121)) / 100
    record: Record = {
        "id": positions.object_id("service_", place),
        "description": offer.description,
        "sku": f"SKU-{place & 0xFFFF}" if dice.chance(0.6) else None,
        "product_key": offer.product_key,
        "unit_key": offer.unit_key,
        "unit_name": offer.unit_name,
        "unit_price": (Decimal(offer.price) * factor).quantize(Decimal(offer.price)),
        "taxes": vocabulary.TREATMENTS[offer.treatment],
        "team": day.team.id,
        "created_at": second,
        "livemode": True,
        "owner": day.team.owner,
        "metadata": dice.metadata(),
    }
    day.store.add(place, record)
    day.are_people_changed = True


def change_service(dice: DayDice) -> None:
    day = dice.day
    service: Service = dice.pick(day.team.services)
    price = (service.price * Decimal("1.05")).quantize(service.price)
    day.store.put(service.place, service.record | {"unit_price": price})
    day.team.services.remove(service)  # read again with the rest of the day's changes
    day.are_people_changed = True


def delete_service(dice: DayDice) -> None:
    day = dice.day
    if len(day.team.services) > 5:
        day.store.remove(dice.pick(day.team.services).place)
        day.are_people_changed = True


LISTS = (
    AccountList(
        "services",
        "/services",
        is_single=True,
        quirks=(
            *quirks.ANY,
            quirks.amounts_as_text,
            quirks.taxes_as_text,
            quirks.tax_type_in_lower_case,
        ),
        furnish=furnish,
        simulate_day=simulate_day,
    ),
)
