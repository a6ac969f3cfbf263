"""Credit notes: CFDI of type E that take back a part of an invoice."""

from decimal import Decimal

from pipelines.sandbox.simulation import invoicing, money
from pipelines.sandbox.simulation.day import Day


def credit(day: Day, place: int) -> None:
    """Credit a tenth to a half of an invoice; on PPD it lowers the balance as well."""
    invoice = day.store.get(place)
    if not invoice or invoice["status"] != "valid" or invoice["cancellation"]:
        return
    first = invoice["items"][0]
    part = Decimal(day.between(10, 51)) / 100
    unit = money.quantum(invoice["currency"])
    price = (Decimal(first["unit_price"]) * part).quantize(unit)
    item = {**first, "quantity": 1, "unit_price": price, "discount": money.ZERO}
    item["description"] = "Bonificación: " + first["description"]
    if "taxes" in first:
        item["taxes"] = [{**tax, "base": price} for tax in first["taxes"]]
    note_place, note = invoicing.cfdi(
        day,
        "E",
        day.moment(),
        invoice["client"],
        [item],
        currency=invoice["currency"],
        use="G02",
        payment_form="15" if invoice["payment_method"] == "PPD" else invoice["payment_form"],
        related_documents=[
            {"relationship": day.pick(("01", "01", "03", "07")), "documents": [invoice["uuid"]]}
        ],
        invoices=[invoicing.invoice_id(invoice)],
    )
    balance = Decimal(invoice.get("last_balance") or 0)
    if invoice["payment_method"] == "PPD" and note["total"] > balance:
        return
    invoicing.issue(day, note_place, note)
    if invoice["payment_method"] == "PPD":
        invoice["last_balance"] = balance - note["total"]
    invoice["invoices"].append(note["id"])
    day.store.put(place, invoice)
