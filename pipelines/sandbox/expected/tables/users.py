"""What becomes of users."""

from pipelines.sandbox.expected.rows import Add, ExpectedRows, links
from pipelines.sandbox.storage.store import Record


def user(team_id: str, record: Record, add: Add) -> None:
    add("users", (team_id, record["id"]), {})
    links("user_teams", (team_id, record["id"]), (one["team_id"] for one in record["teams"]), add)


EXPECTED = (ExpectedRows(("users",), {"users": (), "user_teams": ()}, user),)
