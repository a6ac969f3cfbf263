"""What becomes of the invoices that SAT has."""

from pipelines.sandbox.expected.rows import Add, ExpectedRows
from pipelines.sandbox.storage.store import Record


def sat_invoice(team_id: str, record: Record, add: Add) -> None:
    add("sat_invoices", (team_id, record["uuid"].lower(), record["direction"]), record)


EXPECTED = (
    ExpectedRows(
        ("sat_invoices",), {"sat_invoices": ("subtotal", "total", "exchange_rate")}, sat_invoice
    ),
)
