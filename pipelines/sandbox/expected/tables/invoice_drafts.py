"""What becomes of invoice drafts."""

from pipelines.sandbox.expected.rows import ITEM_MONEY, TAX_MONEY, Add, ExpectedRows, items
from pipelines.sandbox.storage.store import Record


def draft(team_id: str, record: Record, add: Add) -> None:
    key = (team_id, record["id"])
    add("invoice_drafts", key, record)
    items("invoice_draft", key, record, add)


EXPECTED = (
    ExpectedRows(
        ("drafts",),
        {
            "invoice_drafts": (
                "exchange_rate",
                "total",
                "subtotal",
                "discount",
                "taxes",
                "withholding_taxes",
            ),
            "invoice_draft_items": ITEM_MONEY,
            "invoice_draft_item_taxes": TAX_MONEY,
        },
        draft,
    ),
)
