"""Income invoices (CFDI of type I), and what becomes of them."""

from pipelines.sandbox.simulation import cancellation, cfdi, payment
from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.simulation.cfdi import issue_income
from pipelines.sandbox.simulation.day import Client, Day, DayDice
from pipelines.sandbox.simulation.lists import sat_invoices
from pipelines.sandbox.storage import positions


def simulate_day(day: Day) -> None:
    for number in range(day.dice("income").some(day.expected_invoices * 0.88)):
        dice = day.dice("income", number)
        clients = day.team.clients
        # the square favours the first clients: a few are big
        issue(dice, clients[int(dice.random() * dice.random() * len(clients))])


def issue(dice: DayDice, client: Client) -> None:
    """An income invoice and what will become of it."""
    day, second = dice.day, dice.moment()
    if dice.chance(0.4):
        place, _ = issue_income(dice, client, second, payment_method="PPD")
        day.store.plan(dice.later(2, 50), place, "collect")
    elif dice.chance(0.02):
        add_pending(dice, client, second)
        return
    else:
        place, record = issue_income(dice, client, second)
        if dice.chance(0.015):
            del record["id"]  # older rows are listed and linked by UUID alone
        if dice.chance(0.95):
            payment.pay_at_once(day, place, record)
    _plan_fate(dice, place)


def _plan_fate(dice: DayDice, place: int) -> None:
    fate = dice.random()
    plan = dice.day.store.plan
    if fate < 0.04:
        plan(dice.later(0, 25), place, "cancel")
    elif fate < 0.055:
        plan(dice.later(0, 20), place, "substitute")
    elif fate < 0.09:
        plan(dice.later(1, 30), place, "credit")


def add_pending(dice: DayDice, client: Client, second: int) -> None:
    """An invoice that SAT has not stamped yet: no UUID, no stamp."""
    items = cfdi.lines(dice, client.currency)
    quoted = cfdi.quote(dice, client)
    more = {"currency": client.currency, "status": "pending", "uuid": None, "stamp": None}
    place, record = cfdi.new_cfdi(dice, second, quoted, items, **more)
    dice.day.store.add(place, record | {"verification_url": None})
    dice.day.store.plan(dice.later(0, 25), place, "stamp")


def stamp(day: Day, place: int, _: str) -> None:
    invoice = day.store.get(place)
    if invoice and invoice["status"] == "pending":
        uuid = positions.uuid(place)
        stamped = cfdi.stamp_of(uuid, day.dice("income", place).moment())
        invoice |= {"status": "valid", "uuid": uuid, "stamp": stamped}
        day.store.put(place, invoice)
        sat_invoices.show_issued(day, place, invoice, None)


def substitute(day: Day, place: int, _: str) -> None:
    """Issue a corrected invoice (relation 04), then cancel the old one (motive 01)."""
    invoice = cancellation.cancellable(day, place)
    client = day.team.client_by_id.get(invoice["client"]["id"]) if invoice else None
    if not invoice or not client:
        return
    dice = day.dice("income", place)
    second = dice.moment()
    kept = ("currency", "exchange_rate", "payment_method", "payment_form")
    new_place, new = issue_income(
        dice,
        client,
        second,
        items=cfdi.priced(invoice["items"]),
        **{name: invoice[name] for name in kept},
        payments=list(invoice["payments"]),
        related_documents=[{"relationship": "04", "documents": [invoice["uuid"]]}],
    )
    invoice["cancellation"] = {
        "cancellation_status": "accepted",
        "requested_at": second + 60,
        "cancelled_at": second + 60,
        "motive": "01",
        "code": "201",
        "requested_by": day.team.owner,
        "cancellation_receipt": "<Acuse/>",
        "cancellation_type": "without_acceptance",
        "last_checked": second + 60,
        "substitution_uuid": new["uuid"],
    }
    cancellation.close(day, place, invoice, second + 60)
    if new["payment_method"] == "PPD":
        day.store.plan(dice.later(3, 50), new_place, "collect")
    if dice.chance(0.3):
        day.store.plan(dice.later(1, 20), new_place, "substitute")


LISTS = (
    AccountList(
        "income",
        "/invoices/income",
        is_single=True,
        filters=(*cfdi.FILTERS, "series"),
        quirks=cfdi.QUIRKS,
        simulate_day=simulate_day,
        events={
            "stamp": stamp,
            "cancel": cancellation.cancel,
            "answer_cancellation": cancellation.answer,
            "substitute": substitute,
        },
    ),
)
