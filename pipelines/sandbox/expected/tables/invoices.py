"""What becomes of the four lists of issued CFDI."""

from pipelines.sandbox.expected.rows import (
    ITEM_MONEY,
    TAX_MONEY,
    Add,
    ExpectedRows,
    invoice_id,
    items,
    links,
    numbered,
)
from pipelines.sandbox.storage.store import Record


def invoice(team_id: str, record: Record, add: Add) -> None:
    key = (team_id, invoice_id(record))
    add("invoices", key, record)
    items("invoice", key, record, add)
    links("invoice_payments", key, record["payments"], add)
    links("invoice_links", key, record["invoices"], add)
    for number, relation in numbered(record["related_documents"]):
        for document_number, _ in numbered(relation["documents"]):
            add("invoice_related_documents", (*key, number, document_number), {})
    for table in ("complements", "automations"):
        for number, _ in numbered(record[table]):
            add(f"invoice_{table}", (*key, number), {})


EXPECTED = (
    ExpectedRows(
        ("income", "egress", "complements", "transfers"),
        {
            "invoices": (
                "exchange_rate",
                "total",
                "subtotal",
                "taxes",
                "discount",
                "withholding_taxes",
                "payment_complements",
                "last_balance",
            ),
            "invoice_items": ITEM_MONEY,
            "invoice_item_taxes": TAX_MONEY,
            "invoice_payments": (),
            "invoice_links": (),
            "invoice_related_documents": (),
            "invoice_complements": (),
            "invoice_automations": (),
        },
        invoice,
    ),
)
