"""Money coming in: payment links, instalments of PPD invoices, refunds."""

from decimal import Decimal

from pipelines.sandbox.simulation import cfdi, money, vocabulary
from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.simulation.day import Client, Day, DayDice
from pipelines.sandbox.simulation.lists import complements
from pipelines.sandbox.simulation.payment import add_payment, amounts
from pipelines.sandbox.storage import positions, quirks
from pipelines.sandbox.storage.store import Record

_ITEM_FIELDS = ("id", "description", "sku", "product_key", "unit_key", "unit_name")


def simulate_day(day: Day) -> None:
    for number in range(day.dice("payments").some(day.expected_invoices * 0.06)):
        dice = day.dice("payments", number)
        add_payment_link(dice, dice.pick(day.team.clients))


def add_payment_link(dice: DayDice, client: Client) -> None:
    """A payment that was asked for, and that nobody has made yet."""
    day, second = dice.day, dice.moment()
    items = cfdi.lines(dice, client.currency)
    sums = money.totals(items, client.currency)
    rate = vocabulary.EXCHANGE_RATES[client.currency]
    amount = {
        "total": sums.total,
        "subtotal": sums.subtotal,
        "taxes": sums.taxes,
        "currency": client.currency,
        "exchange_rate": 1 if client.currency == "MXN" else day.exchange_rate(rate),
    }
    status = dice.pick(("requires_payment_method", "pending", "pending", "processing"))
    record = add_payment(dice, second, cfdi.quote(dice, client), items, amount, status=status)
    place = positions.place_of(record["id"])
    if place is not None:
        day.store.plan(dice.later(1, 45), place, "settle", client.id)


def settle(day: Day, place: int, client_id: str) -> None:
    """An open payment succeeds (and is invoiced), fails or is cancelled, or stays open."""
    payment = day.store.get(place)
    if not payment:
        return
    dice = day.dice("payments", place)
    fate = dice.random()
    if fate < 0.3:
        payment["status"] = "failed" if fate < 0.15 else "cancelled"
    else:
        second = dice.moment()
        payment |= {"status": "succeeded", "succeeded_at": second}
        client = day.team.client_by_id.get(client_id)
        if client and client.currency == payment["currency"]:
            items = cfdi.priced(payment["items"])
            more = {"items": items, "payments": [payment["id"]]}
            _, invoice = cfdi.issue_income(day.dice("income", place), client, second + 5, **more)
            payment["invoices"] = [invoice["id"]]
    day.store.put(place, payment)


def collect(day: Day, place: int, _: str) -> None:
    """An instalment of a PPD invoice: the payment, its complement, the new balance."""
    invoice = day.store.get(place)
    if not invoice or invoice["status"] != "valid":
        return
    balance = Decimal(invoice["last_balance"])
    if balance <= 0:
        return
    dice = day.dice("payments", place)
    second = dice.moment()
    paid = balance
    if dice.chance(0.35) and invoice["installments"] < 4:
        paid = money.rounded(balance * Decimal(dice.between(20, 80)) / 100, invoice["currency"])
    payment = _pay_instalment(dice, second, invoice, paid)
    complement = complements.add_complement(day, second + 30, invoice, payment, paid)
    invoice["payments"].append(payment["id"])
    invoice["invoices"].append(complement["id"])
    invoice["installments"] += 1
    invoice["last_balance"] = balance - paid
    invoice["payment_complements"] = Decimal(invoice["payment_complements"]) + paid
    day.store.put(place, invoice)
    if invoice["last_balance"]:
        day.store.plan(dice.later(5, 30), place, "collect")


def _pay_instalment(dice: DayDice, second: int, invoice: Record, paid: Decimal) -> Record:
    whole = Decimal(invoice["total"])
    before = Decimal(invoice["payment_complements"])
    taxes = money.share(Decimal(invoice["taxes"]), paid, before, whole)
    if invoice["currency"] == "JPY":
        taxes = money.rounded(taxes, "JPY")
    sums = amounts(invoice) | {"total": paid, "subtotal": paid - taxes, "taxes": taxes}
    if invoice["currency"] != "MXN":
        sums["exchange_rate"] = dice.day.exchange_rate(Decimal(invoice["exchange_rate"]))
    return add_payment(
        dice,
        second,
        invoice["client"],
        [_instalment(invoice, paid - taxes)],
        sums,
        invoices=[cfdi.invoice_id(invoice)],
        payments=invoice["payments"][-1:],
        automation_type="ppd_invoice_and_complement",
        automations=[{"type": "ppd_invoice_and_complement", "from": "api", "action": "stamp"}],
    )


def _instalment(invoice: Record, net: Decimal) -> Record:
    """The one line of an instalment's payment."""
    first = invoice["items"][0]
    return {name: first[name] for name in _ITEM_FIELDS} | {
        "description": f"Abono a factura {invoice['series']}-{invoice['folio_number']}",
        "quantity": 1,
        "unit_price": net,
        "discount": money.ZERO,
        "taxes": [tax | {"base": net} for tax in first.get("taxes", ())[:1]],
    }


def refund(day: Day, place: int, _: str) -> None:
    """Give back all or half of a payment, in one or two refunds."""
    payment = day.store.get(place)
    if not payment or payment["status"] != "succeeded" or "total" not in payment:
        return
    dice = day.dice("payments", place)
    total = Decimal(payment["total"])
    is_whole = dice.chance(0.6)
    part = money.rounded(total / 2, payment["currency"])
    given = [part, total - part] if is_whole and dice.chance(0.2) else [total if is_whole else part]
    for number, amount in enumerate(given, 1):
        payment["refunds"].append(
            {
                "id": f"refund_{place & 0xFFFFFFFF:x}_{number}",
                "amount": amount,
                "currency": payment["currency"],
                "status": "succeeded",
                "reason": "requested_by_customer",
                "created_at": dice.moment(),
                "items": [],
            }
        )
    if is_whole:
        payment["status"] = "refunded"
    day.store.put(place, payment)


LISTS = (
    AccountList(
        "payments",
        "/payments",
        is_single=True,
        filters=("status", "client_id", "currency", "tax_id", "email"),
        quirks=(
            *quirks.ANY,
            quirks.amounts_as_text,
            quirks.taxes_as_text,
            quirks.trailing_underscore,
            quirks.american_spelling,
            *[quirks.methods_as_text] * 3,
        ),
        simulate_day=simulate_day,
        events={"collect": collect, "settle": settle, "refund": refund},
    ),
)
