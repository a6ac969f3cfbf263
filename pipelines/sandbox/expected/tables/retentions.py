"""What becomes of retentions."""

from pipelines.sandbox.expected.rows import Add, ExpectedRows, numbered
from pipelines.sandbox.storage.store import Record


def retention(team_id: str, record: Record, add: Add) -> None:
    key = (team_id, record["id"])
    add("retentions", key, record["totals"])
    for number, tax in numbered(record["totals"]["tax_retained"]):
        add("retention_taxes", (*key, number), tax)


EXPECTED = (
    ExpectedRows(
        ("retentions",),
        {
            "retentions": ("total_operation", "total_taxable", "total_exempt", "total_retained"),
            "retention_taxes": ("base", "amount"),
        },
        retention,
    ),
)
