"""Credit notes (CFDI of type E), which take back a part of an invoice."""

from decimal import Decimal

from pipelines.sandbox.simulation import cfdi, money
from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.simulation.day import Day, DayDice
from pipelines.sandbox.storage.store import Record


def credit(day: Day, place: int, _: str) -> None:
    """Credit a tenth to a half of an invoice; on PPD it lowers the balance as well."""
    invoice = day.store.get(place)
    if not invoice or invoice["status"] != "valid" or invoice["cancellation"]:
        return
    dice = day.dice("egress", place)
    is_ppd = invoice["payment_method"] == "PPD"
    note_place, note = cfdi.new_cfdi(
        dice,
        dice.moment(),
        invoice["client"],
        [_credited(dice, invoice)],
        currency=invoice["currency"],
        use="G02",
        payment_form="15" if is_ppd else invoice["payment_form"],
        related_documents=[
            {"relationship": dice.pick(("01", "01", "03", "07")), "documents": [invoice["uuid"]]}
        ],
        invoices=[cfdi.invoice_id(invoice)],
    )
    balance = Decimal(invoice.get("last_balance") or 0)
    if is_ppd and note["total"] > balance:
        return
    cfdi.issue(dice, note_place, note)
    if is_ppd:
        invoice["last_balance"] = balance - note["total"]
    invoice["invoices"].append(note["id"])
    day.store.put(place, invoice)


def _credited(dice: DayDice, invoice: Record) -> Record:
    """The first line of the invoice, at a part of its price."""
    first = invoice["items"][0]
    part = Decimal(dice.between(10, 51)) / 100
    price = (Decimal(first["unit_price"]) * part).quantize(money.quantum(invoice["currency"]))
    item = {**first, "quantity": 1, "unit_price": price, "discount": money.ZERO}
    item["description"] = "Bonificación: " + first["description"]
    if "taxes" in first:
        item["taxes"] = [{**tax, "base": price} for tax in first["taxes"]]
    return item


LISTS = (
    AccountList(
        "egress",
        "/invoices/egress",
        is_single=True,
        filters=cfdi.FILTERS,
        quirks=cfdi.QUIRKS,
        events={"credit": credit},
    ),
)
