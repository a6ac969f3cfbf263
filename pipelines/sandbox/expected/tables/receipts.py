"""What becomes of receipts."""

from pipelines.sandbox.expected.rows import ITEM_MONEY, TAX_MONEY, Add, ExpectedRows, items, links
from pipelines.sandbox.storage.store import Record


def receipt(team_id: str, record: Record, add: Add) -> None:
    key = (team_id, record["id"])
    add("receipts", key, record)
    items("receipt", key, record, add)
    links("receipt_invoices", key, record["invoices"], add)
    links("receipt_payments", key, record["payments"], add)


EXPECTED = (
    ExpectedRows(
        ("receipts",),
        {
            "receipts": (
                "total",
                "total_refunded",
                "subtotal",
                "taxes",
                "discount",
                "withholding_taxes",
                "exchange_rate",
            ),
            "receipt_items": ITEM_MONEY,
            "receipt_item_taxes": TAX_MONEY,
            "receipt_invoices": (),
            "receipt_payments": (),
        },
        receipt,
    ),
)
