"""What becomes of services."""

from pipelines.sandbox.expected.rows import TAX_MONEY, Add, ExpectedRows, numbered
from pipelines.sandbox.storage.store import Record


def service(team_id: str, record: Record, add: Add) -> None:
    key = (team_id, record["id"])
    add("services", key, record)
    for number, tax in numbered(record["taxes"]):
        add("service_taxes", (*key, number), tax)


EXPECTED = (
    ExpectedRows(("services",), {"services": ("unit_price",), "service_taxes": TAX_MONEY}, service),
)
