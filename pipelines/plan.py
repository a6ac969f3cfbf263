"""What a load would do: the `--dry-run` of `load`. Moves no state."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.gigstack.account import ALL_TEAMS
from pipelines.gigstack.catalogue import Dialect, Scope, Stream
from pipelines.gigstack.probe import Finding, check_account
from pipelines.gigstack.settings import Settings


@dataclass(frozen=True)
class Step:
    """One stream of one team. `expected_requests` is None where the API tells no total."""

    team_id: str
    stream: str
    window: str
    expected_requests: int | None
    note: str


async def make_plan(settings: Settings, streams: Sequence[Stream]) -> list[Step]:
    """Streams, windows and expected requests, from one question to each list."""
    checkup = await check_account(settings, streams)
    by_name = {stream.name: stream for stream in streams}
    rows = {(f.team_id, f.stream): f.rows for f in checkup.findings}
    finding_teams = [Step(checkup.key_team, "teams", "all", 1, "to find the teams")]
    return finding_teams * (settings.teams == ALL_TEAMS) + [
        Step(
            found.team_id,
            found.stream,
            "all",
            _requests(found, by_name[found.stream], rows, settings),
            found.note or ("" if found.status == "ok" else found.status),
        )
        for found in checkup.findings
    ]


def _requests(
    found: Finding,
    stream: Stream,
    rows: dict[tuple[str, str], int | None],
    settings: Settings,
) -> int | None:
    if found.status != "ok":
        return 1
    if stream.scope is Scope.PARENT:
        parents = rows.get((found.team_id, stream.parents or ""))
        return None if parents is None else min(parents, settings.documents_request_budget)
    beside = (len(stream.paths) > 1) + (stream.own_path is not None)  # probing, the own object
    if stream.dialect is Dialect.SINGLE:
        return 1 + beside
    if found.rows is None:
        return None
    return max(1, math.ceil(found.rows / settings.page_size)) + beside
