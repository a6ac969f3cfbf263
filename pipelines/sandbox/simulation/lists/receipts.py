"""Receipts: sales that the client may invoice until the month's global invoice takes them."""

from decimal import Decimal
from typing import Any

from pipelines.sandbox.simulation import cfdi, money, rfc
from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.simulation.day import Client, Day, DayDice
from pipelines.sandbox.simulation.local_time import local_text, month_end
from pipelines.sandbox.simulation.payment import add_payment, amounts
from pipelines.sandbox.storage import positions, quirks
from pipelines.sandbox.storage.store import Record

RECEIPTS_PER_GLOBAL = 200
_PUBLIC = {
    "id": None,
    "name": "PUBLICO EN GENERAL",
    "legal_name": "PUBLICO EN GENERAL",
    "tax_id": rfc.GENERIC,
    "tax_system": "616",
    "use": "S01",
}
_PERIODS = ("month", "month", "month", "day", "week", "two_weeks", "two_months")


def simulate_day(day: Day) -> None:
    for number in range(day.dice("receipts").some(day.expected_invoices * 0.25)):
        dice = day.dice("receipts", number)
        add_receipt(dice, dice.pick(day.team.clients))


def add_receipt(dice: DayDice, client: Client) -> None:
    """A paid sale without an invoice yet; it stays open until the end of its month."""
    day, second = dice.day, dice.moment()
    place = dice.place(second)
    receipt_id = positions.object_id("receipt_", place)
    items = cfdi.lines(dice, "MXN", day.team.retail)
    sums = money.totals(items)
    closing = month_end(second)
    quoted = cfdi.quote(dice, client)
    record: Record = {
        "id": receipt_id,
        "client": quoted,
        "status": dice.pick(("pending", "pending", "open")),
        "currency": "MXN",
        "exchange_rate": 1,
        "total": sums.total,
        "subtotal": sums.subtotal,
        "taxes": sums.taxes,
        "discount": sums.discount,
        "withholding_taxes": sums.withheld,
        "total_refunded": money.ZERO,
        "periodicity": dice.pick(_PERIODS),
        "payment_form": "04",
        "url": f"https://portal.example/autofactura?id={receipt_id}",
        "short_url": f"https://s.example/{place:x}",
        "invoices": [],
        "payments": [],
        "items": items,
        "invoice_config": {"serie": "F", "folio": 0, "date": second, "validUntil": closing - 1},
        "automatic_invoice_error": None,
        "idempotency_key": f"r-{place}",
        "created_at": second,
        "valid_until": closing - 1,
        "metadata": dice.metadata(),
        "livemode": True,
        "owner": day.team.owner,
        "from": "api",
        "team": day.team.id,
        "files": {"pdf": None, "xml": None},
    }
    paid = amounts(record)
    more: dict[str, Any] = {"receipts": [receipt_id], "automation_type": "receipt"}
    payment = add_payment(day.dice("payments", place), second, quoted, items, paid, **more)
    record["payments"] = [payment["id"]]
    day.store.add(place, record)
    _plan_fate(dice, place, client, closing)


def _plan_fate(dice: DayDice, place: int, client: Client, closing: int) -> None:
    day, fate = dice.day, dice.random()
    if fate < 0.35:
        day.store.plan(dice.later(0, 12), place, "self_invoice", client.id)
    elif fate < 0.38:
        day.store.plan(dice.later(0, 12), place, "cancel_receipt")
    elif fate < 0.42:
        day.store.plan(max(closing, day.end), place, "expire_receipt")
        return
    day.store.plan(closing - 60, place, "gather")


def self_invoice(day: Day, place: int, client_id: str) -> None:
    """The client asks for its invoice in the portal."""
    receipt = open_receipt(day, place)
    client = day.team.client_by_id.get(client_id)
    if not receipt or not client:
        return
    dice = day.dice("receipts", place)
    second = dice.moment()
    if second >= receipt["valid_until"]:
        return
    more = {"payments": receipt["payments"], "payment_form": receipt["payment_form"]}
    items = cfdi.priced(receipt["items"])
    _, invoice = cfdi.issue_income(
        day.dice("income", place),
        client,
        second,
        items=items,
        currency="MXN",
        exchange_rate=1,
        **more,
    )
    _close(day, place, receipt, dice.pick(("invoiced", "completed", "stamped")), invoice)


def expire_receipt(day: Day, place: int, _: str) -> None:
    receipt = open_receipt(day, place)
    if receipt:
        _close(day, place, receipt, "expired")


def cancel_receipt(day: Day, place: int, _: str) -> None:
    receipt = open_receipt(day, place)
    if receipt:
        receipt["total_refunded"] = receipt["total"]
        _close(day, place, receipt, "cancelled")


def gather(day: Day, places: list[int]) -> None:
    """The month's global invoice (XAXX010101000) over the receipts that nobody invoiced."""
    found = [(place, receipt) for place in places if (receipt := open_receipt(day, place))]
    for start in range(0, len(found), RECEIPTS_PER_GLOBAL):
        _issue_global(day, found[start : start + RECEIPTS_PER_GLOBAL])


def open_receipt(day: Day, place: int) -> Record | None:
    receipt = day.store.get(place)
    return receipt if receipt and receipt["status"] in ("pending", "open") else None


def _issue_global(day: Day, found: list[tuple[int, Record]]) -> None:
    closing = found[0][1]["valid_until"] + 1
    items = [item for _, receipt in found for item in _public_items(receipt)]
    month = local_text(closing - 60)
    dice = day.dice("income", found[0][0])
    place, record = cfdi.new_cfdi(
        dice,
        closing - 60,
        _PUBLIC,
        items,
        use="S01",
        payment_form="01",
        payments=[payment for _, receipt in found for payment in receipt["payments"]],
        **{"global": {"periodicity": "04", "months": month[5:7], "year": int(month[:4])}},
    )
    cfdi.issue(dice, place, record)
    if dice.chance(0.1):
        day.store.plan(dice.later(1, 20), place, "cancel")
    for receipt_place, receipt in found:
        _close(day, receipt_place, receipt, "completed", record)


def _public_items(receipt: Record) -> list[Record]:
    """One line a receipt and tax treatment: its folio, its net amount, its taxes."""
    groups: dict[str, Record] = {}
    for item in cfdi.priced(receipt["items"]):
        net = item["quantity"] * item["unit_price"] - item["discount"]
        transferred = [tax for tax in item.get("taxes", ()) if not tax["withholding"]]
        key = repr([(tax["type"], tax["rate"], tax["factor"]) for tax in transferred])
        line = groups.setdefault(key, _public_item(receipt, transferred))
        line["unit_price"] += net
        for tax in line.get("taxes", ()):
            tax["base"] += net
    return list(groups.values())


def _public_item(receipt: Record, taxes: list[Record]) -> Record:
    line: Record = {
        "id": None,
        "description": f"Venta {receipt['id']}",
        "sku": receipt["id"],
        "product_key": "01010101",
        "unit_key": "ACT",
        "unit_name": "Actividad",
        "taxability": "02" if taxes else "01",
        "quantity": Decimal(1),
        "unit_price": money.ZERO,
        "discount": money.ZERO,
    }
    if taxes:
        line["taxes"] = [tax | {"base": money.ZERO} for tax in taxes]
    return line


def _close(
    day: Day, place: int, receipt: Record, status: str, invoice: Record | None = None
) -> None:
    receipt["status"] = status
    if invoice:
        receipt["invoices"] = [cfdi.invoice_id(invoice)]
        receipt["invoice_config"]["folio"] = invoice["folio_number"]
    day.store.put(place, receipt)


LISTS = (
    AccountList(
        "receipts",
        "/receipts",
        is_single=True,
        filters=cfdi.FILTERS,
        quirks=(
            *quirks.ANY,
            *[quirks.older_names] * 2,
            quirks.amounts_as_text,
            quirks.american_spelling,
            quirks.periodicity_as_object,
            quirks.folio_as_text,
        ),
        simulate_day=simulate_day,
        events={
            "self_invoice": self_invoice,
            "expire_receipt": expire_receipt,
            "cancel_receipt": cancel_receipt,
        },
    ),
)
