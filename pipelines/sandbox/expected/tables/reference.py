"""What becomes of the lists that belong to no team."""

from pipelines.sandbox.expected.rows import Add, ExpectedRows
from pipelines.sandbox.storage.store import Record


def cfdi_error(team_id: str, record: Record, add: Add) -> None:
    add("cfdi_errors", (team_id, record["code"]), {})


def sat_list(team_id: str, record: Record, add: Add) -> None:
    add("sat_lists", (team_id, record["id"]), {})


EXPECTED = (
    ExpectedRows(("cfdi_errors",), {"cfdi_errors": ()}, cfdi_error),
    ExpectedRows(("sat_lists",), {"sat_lists": ()}, sat_list),
)
