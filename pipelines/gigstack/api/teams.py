"""The teams that a key can read: its own, those configured, or all of a gigstack Connect account.

API: https://docs.gigstack.io
"""

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from pipelines.foundation.errors import ApiError, ConfigurationError
from pipelines.foundation.wording import one_line
from pipelines.gigstack.api.client import GigstackClient, RequestStats, open_client
from pipelines.gigstack.api.first_page import start_params
from pipelines.gigstack.api.paginators import Paginator
from pipelines.gigstack.api.records import records_of, split_records
from pipelines.gigstack.endpoint_types import Resource, Scope
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.gigstack.settings import Settings, decode_jwt

ALL_TEAMS = ("all",)
MAX_ID_LENGTH = 160  # of the ids that the API documents
# lists whose records say their team; an account has a record in one of them, or none at all
LISTS_WITH_TEAM = ("clients", "services", "invoices_income", "payments", "receipts")


class _Team(msgspec.Struct):
    id: str | None = None


class _OfTeam(msgspec.Struct):
    team: str | None = None


async def find_teams(
    settings: Settings, request_stats: RequestStats
) -> tuple[str, tuple[str, ...]]:
    """The key's own team, and the teams to read. Of all teams, the own one comes first.

    Raises:
        AuthenticationError: The API refuses the key.
        ConfigurationError: Neither the key nor the API says which team is the key's own.
        ApiError: The list of teams cannot be read to its end.
    """
    key_team = decode_jwt(settings.api_key).team
    configured = settings.teams or ()
    if key_team and configured != ALL_TEAMS:
        return key_team, configured or (key_team,)
    async with open_client(settings) as client:
        listed = await _list_teams(client, settings.page_size, request_stats)
        key_team = key_team or await _team_of_records(client, request_stats)
    key_team = key_team or (listed[0] if len(listed) == 1 else None)
    if key_team is None and not configured:
        raise ConfigurationError(
            f"The key does not name its team, and the API lists {len(listed)} teams. "
            "Name the teams to read: teams under [sources.gigstack]."
        )
    key_team = key_team or configured[0]
    if configured == ALL_TEAMS:
        return key_team, tuple(dict.fromkeys((key_team, *listed)))
    return key_team, configured or (key_team,)


def team_param(resource: Resource, team: str, teams: Sequence[str], key_team: str) -> str | None:
    """The team to name in requests for a resource, if `teams` are read.

    None where the list is the key's, and for the key's own team if it is the only one, since an
    account without gigstack Connect may refuse to be asked for any.
    """
    is_alone = tuple(teams) == (key_team,)
    return None if is_alone or resource.scope is Scope.KEY else team


def _team_id(record: msgspec.Raw) -> str | None:
    """The id of a team.

    Raises:
        ApiError: It is no text that an id can be.
    """
    try:
        team = msgspec.json.decode(record, type=_Team).id
    except (msgspec.DecodeError, RecursionError) as error:
        raise ApiError(f"GET /teams: the id of a team cannot be read: {error}") from error
    if team and (len(team) > MAX_ID_LENGTH or not team.isprintable()):
        raise ApiError(f"GET /teams: {one_line(team, 40)!r} is not the id of a team")
    return team


async def _team_of_records(client: GigstackClient, request_stats: RequestStats) -> str | None:
    """The team of the first record that says one. Without `team`, the API answers for the key's."""
    for name in LISTS_WITH_TEAM:
        resource = RESOURCES[name]
        with suppress(ApiError, msgspec.DecodeError):
            answer = await client.get(resource.paths[0], {"limit": 1}, request_stats)
            records = msgspec.json.decode(records_of(answer, resource), type=list[_OfTeam | None])
            for record in records:
                if record and record.team:
                    return record.team
    return None


async def _list_teams(
    client: GigstackClient, page_size: int, request_stats: RequestStats
) -> list[str]:
    resource = RESOURCES["teams"]
    params = start_params(resource, page_size, None)
    paginator = Paginator(resource, "", resource.paths[0], params, request_stats)
    listed = [
        team
        async for records in paginator.records(client)
        for raw in split_records(records)
        if bytes(raw)[:1] == b"{" and (team := _team_id(raw))
    ]
    if paginator.doubt:
        raise ApiError(
            f"GET /teams: {paginator.doubt}. "
            "Name the teams to read: teams under [sources.gigstack]."
        )
    return listed
