"""What becomes of payments."""

from pipelines.sandbox.expected.rows import (
    ITEM_MONEY,
    TAX_MONEY,
    Add,
    ExpectedRows,
    items,
    links,
    numbered,
)
from pipelines.sandbox.storage.store import Record


def payment(team_id: str, record: Record, add: Add) -> None:
    key = (team_id, record["id"])
    add("payments", key, record)
    items("payment", key, record, add)
    links("payment_invoices", key, record["invoices"], add)
    links("payment_receipts", key, record["receipts"], add)
    links("payment_related_payments", key, record["payments"], add)
    methods = (method["id"] for method in record["allowed_payment_methods"])
    links("payment_allowed_methods", key, methods, add)
    for number, refund in numbered(record["refunds"]):
        add("payment_refunds", (*key, number), refund)
    for number, _ in numbered(record["automations"]):
        add("payment_automations", (*key, number), {})


EXPECTED = (
    ExpectedRows(
        ("payments",),
        {
            "payments": ("total", "subtotal", "taxes", "exchange_rate"),
            "payment_items": ITEM_MONEY,
            "payment_item_taxes": TAX_MONEY,
            "payment_refunds": ("amount",),
            "payment_invoices": (),
            "payment_receipts": (),
            "payment_related_payments": (),
            "payment_allowed_methods": (),
            "payment_automations": (),
        },
        payment,
    ),
)
