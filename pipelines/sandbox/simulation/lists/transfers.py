"""Transfers (CFDI of type T): goods on the move, no money."""

from decimal import Decimal

from pipelines.sandbox.simulation import cfdi, money
from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.simulation.day import Day, DayDice


def simulate_day(day: Day) -> None:
    for number in range(day.dice("transfers").some(day.expected_invoices * 0.01)):
        issue(day.dice("transfers", number))


def issue(dice: DayDice) -> None:
    team = dice.day.team
    second = dice.moment()
    client, service = dice.pick(team.clients), dice.pick(team.services)
    item = cfdi.line(service, Decimal(dice.between(1, 20)), money.ZERO, money.ZERO)
    item.pop("taxes", None)
    more = {"use": "S01", "payment_form": None, "payment_method": None}
    place, record = cfdi.new_cfdi(dice, second, cfdi.quote(dice, client), [item], **more)
    cfdi.issue(dice, place, record, client)


LISTS = (
    AccountList(
        "transfers",
        "/invoices/transfer",
        is_single=True,
        quirks=cfdi.QUIRKS,
        simulate_day=simulate_day,
    ),
)
