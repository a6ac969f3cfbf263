"""What becomes of clients."""

from pipelines.sandbox.expected.rows import Add, ExpectedRows, numbered
from pipelines.sandbox.storage.store import Record


def client(team_id: str, record: Record, add: Add) -> None:
    key = (team_id, record["id"])
    add("clients", key, record)
    for number, hit in numbered((record.get("sat_status") or {}).get("hits")):
        add("client_sat_hits", (*key, number), hit)


EXPECTED = (ExpectedRows(("clients",), {"clients": (), "client_sat_hits": ()}, client),)
