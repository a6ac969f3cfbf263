"""What becomes of webhooks."""

from pipelines.sandbox.expected.rows import Add, ExpectedRows, links
from pipelines.sandbox.storage.store import Record


def webhook(team_id: str, record: Record, add: Add) -> None:
    add("webhooks", (team_id, record["id"]), {})
    links("webhook_events", (team_id, record["id"]), record["events"], add)


EXPECTED = (ExpectedRows(("webhooks",), {"webhooks": (), "webhook_events": ()}, webhook),)
