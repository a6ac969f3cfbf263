"""Which teams a key reaches: its own, those named, or all of gigstack Connect."""

import msgspec

from pipelines.foundation.errors import ApiError, ConfigurationError
from pipelines.gigstack.api.client import GigstackClient, RequestStats, open_client
from pipelines.gigstack.api.paginators import Paginator, start_params
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.gigstack.normalize.drift import split_records
from pipelines.gigstack.settings import Settings, decode_jwt

ALL_TEAMS = ("all",)


class _Team(msgspec.Struct):
    id: str | None = None


async def find_teams(
    settings: Settings, request_stats: RequestStats
) -> tuple[str, tuple[str, ...]]:
    """The key's own team, and the teams to read, own team first.

    Errors: AuthenticationError for a wrong key; ConfigurationError when the own team is unknown;
    ApiError when not all teams can be listed.
    """
    own = decode_jwt(settings.api_key).team
    wanted = settings.teams or ()
    if own and wanted != ALL_TEAMS:
        return own, wanted or (own,)
    async with open_client(settings) as client:
        listed = await _listed_teams(client, settings.page_size, request_stats)
    own = own or (listed[0] if len(listed) == 1 else None)
    if own is None and not wanted:
        raise ConfigurationError(
            "The key does not say its team, and the API lists "
            f"{len(listed)} teams. Name the teams under [sources.gigstack] teams."
        )
    own = own or wanted[0]
    if wanted == ALL_TEAMS:
        return own, tuple(dict.fromkeys((own, *listed)))
    return own, wanted or (own,)


async def _listed_teams(
    client: GigstackClient, page_size: int, request_stats: RequestStats
) -> list[str]:
    resource = RESOURCES["teams"]
    paginator = Paginator(
        resource, "", resource.paths[0], start_params(resource, page_size, None), request_stats
    )
    listed = [
        team.id
        async for records in paginator.records(client)
        for raw in split_records(records)
        if bytes(raw)[:1] == b"{" and (team := msgspec.json.decode(raw, type=_Team)).id
    ]
    if paginator.is_truncated:
        raise ApiError(
            "GET /teams: the API says there are more teams, and gives no cursor to them. "
            "Name the teams under [sources.gigstack] teams."
        )
    return listed
