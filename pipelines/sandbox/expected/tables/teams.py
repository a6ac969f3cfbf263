"""What becomes of a team: of its record, its integrations, its series of folios."""

from collections.abc import Iterable

from pipelines.sandbox.expected.rows import Add, ExpectedRows, links
from pipelines.sandbox.storage.store import Record


def team(team_id: str, record: Record, series: Iterable[str], add: Add) -> None:
    add("teams", (team_id,), record)
    links("team_members", (team_id,), (member["id"] for member in record["members"]), add)
    links("team_integrations", (team_id,), record["integrations"], add)
    links("team_series", (team_id,), series, add)


EXPECTED = (
    ExpectedRows(
        (),
        {
            "teams": ("credit_limit", "used_credits"),
            "team_members": (),
            "team_integrations": (),
            "team_series": (),
        },
    ),
)
