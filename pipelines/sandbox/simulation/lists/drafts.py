"""Invoice drafts: changed, stamped or thrown away."""

from pipelines.sandbox.simulation import cfdi, money, vocabulary
from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.simulation.day import Client, Day, DayDice
from pipelines.sandbox.storage import positions, quirks


def simulate_day(day: Day) -> None:
    for number in range(day.dice("drafts").some(day.expected_invoices * 0.05)):
        dice = day.dice("drafts", number)
        add_draft(dice, dice.pick(day.team.clients))


def add_draft(dice: DayDice, client: Client) -> None:
    """An invoice in the making: it will be changed, stamped or thrown away."""
    day, second = dice.day, dice.moment()
    place = dice.place(second)
    items = cfdi.lines(dice, client.currency)
    sums = money.totals(items, client.currency)
    rate = vocabulary.EXCHANGE_RATES[client.currency]
    day.store.add(
        place,
        {
            "id": positions.object_id("drf_", place),
            "draft": True,
            "invoice_type": "I",
            "client": cfdi.quote(dice, client),
            "created_at": second * 1000,
            "updated_at": second * 1000,
            "currency": client.currency,
            "exchange_rate": 1 if client.currency == "MXN" else day.exchange_rate(rate),
            "total": sums.total,
            "subtotal": sums.subtotal,
            "taxes": sums.taxes,
            "discount": sums.discount,
            "withholding_taxes": sums.withheld,
            "series": "F",
            "folio_number": 0,
            "use": "G03",
            "payment_form": "03",
            "payment_method": "PUE",
            "date": 0,
            "status": "draft",
            "items": items,
            "related_documents": [],
            "metadata": dice.metadata(),
            "emails": ["ventas@cliente.example"] if dice.chance(0.3) else [],
            "livemode": True,
            "owner": day.team.owner,
            "from": "api",
            "team": day.team.id,
        },
    )
    fate = dice.pick(("change_draft", "stamp_draft", "stamp_draft", "delete_draft"))
    day.store.plan(dice.later(0, 30), place, fate, client.id)


def change_draft(day: Day, place: int, client_id: str) -> None:
    draft = day.store.get(place)
    if draft:
        dice = day.dice("drafts", place)
        draft["updated_at"] = dice.moment() * 1000
        draft["payment_form"] = "28"
        day.store.put(place, draft)
        day.store.plan(dice.later(0, 10), place, "stamp_draft", client_id)


def delete_draft(day: Day, place: int, _: str) -> None:
    if day.store.get(place):
        day.store.remove(place)


def stamp_draft(day: Day, place: int, client_id: str) -> None:
    """The draft disappears and is an income invoice from then on."""
    draft = day.store.get(place)
    client = day.team.client_by_id.get(client_id)
    if not draft or not client or client.currency != draft["currency"]:
        return
    day.store.remove(place)
    dice = day.dice("income", place)
    items = cfdi.priced(draft["items"])
    cfdi.issue_income(dice, client, dice.moment(), items=items, payment_form=draft["payment_form"])


LISTS = (
    AccountList(
        "drafts",
        "/invoices/draft",
        is_single=True,
        quirks=(
            quirks.other_key_order,
            quirks.amounts_as_text,
            quirks.taxes_as_text,
            quirks.folio_as_text,
        ),
        simulate_day=simulate_day,
        events={
            "change_draft": change_draft,
            "stamp_draft": stamp_draft,
            "delete_draft": delete_draft,
        },
    ),
)
