"""Names and addresses of invented people and companies."""

from pipelines.sandbox.simulation import vocabulary
from pipelines.sandbox.simulation.dice import Dice
from pipelines.sandbox.storage.store import Record


def person_name(dice: Dice) -> str:
    return f"{dice.pick(vocabulary.FIRST_NAMES)} {dice.pick(vocabulary.LAST_NAMES)}"


def company_name(dice: Dice) -> str:
    return f"{dice.pick(vocabulary.TRADES)} {dice.pick(vocabulary.LAST_NAMES)}"


def address(dice: Dice, *, is_foreign: bool = False) -> Record:
    if is_foreign:
        return {"country": "USA", "zip": "78701", "street": "Congress Ave", "city": "Austin"}
    place = dice.pick(vocabulary.PLACES)
    return {
        "country": "MEX" if dice.chance(0.95) else "Mexico",
        "street": dice.pick(vocabulary.STREETS),
        "zip": place.zip,
        "city": place.city,
        "state": place.state,
        "exterior": str(dice.between(1, 900)),
        "interior": None,
        "municipality": place.city,
        "neighborhood": place.neighborhood,
    }
