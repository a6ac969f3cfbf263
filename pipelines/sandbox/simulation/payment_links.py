"""Payment links: asked for, and paid much later, or never."""

from pipelines.sandbox.simulation import collecting, invoicing, money, vocabulary
from pipelines.sandbox.simulation.day import Client, Day
from pipelines.sandbox.storage import positions


def add_open_payment(day: Day, client: Client) -> None:
    """A payment link that nobody has paid yet."""
    second = day.moment()
    items = invoicing.lines(day, client.currency)
    sums = money.totals(items, client.currency)
    rate = vocabulary.EXCHANGE_RATES[client.currency]
    amount = {
        "total": sums.total,
        "subtotal": sums.subtotal,
        "taxes": sums.taxes,
        "currency": client.currency,
        "exchange_rate": 1 if client.currency == "MXN" else day.exchange_rate(rate),
    }
    status = day.pick(("requires_payment_method", "pending", "pending", "processing"))
    quoted = invoicing.quote(day, client)
    record = collecting.add_payment(day, second, quoted, items, amount, status=status)
    place = positions.place_of(record["id"])
    if place is not None:
        day.store.plan(day.later(1, 45), place, "settle", client.id)


def settle(day: Day, place: int, client_id: str) -> None:
    """An open payment succeeds (and is invoiced), fails or is cancelled."""
    payment = day.store.get(place)
    if not payment:
        return
    fate = day.random()
    if fate < 0.3:
        payment["status"] = "failed" if fate < 0.15 else "cancelled"
    else:
        second = day.moment()
        payment |= {"status": "succeeded", "succeeded_at": second}
        client = day.team.client_by_id.get(client_id)
        if client and client.currency == payment["currency"]:
            items = invoicing.priced(payment["items"])
            more = {"items": items, "payments": [payment["id"]]}
            _, invoice = invoicing.issue_income(day, client, second + 5, **more)
            payment["invoices"] = [invoice["id"]]
    day.store.put(place, payment)
