"""Finds out what an account is like, with a few harmless requests: the `check` command.

Settles at run time what is not known of the API: which lists answer, how they are paged, which
spelling of the creation filter is honoured, how far the clocks are apart.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.foundation.errors import (
    AuthenticationError,
    GigstackError,
    NothingReadError,
    UnavailableError,
)
from pipelines.gigstack.api.client import Envelope, GigstackClient, RequestStats, open_client
from pipelines.gigstack.api.date_filters import Bounds, detect_date_filter
from pipelines.gigstack.api.paginators import Params, probe_path, start_params
from pipelines.gigstack.api.records import count_records, records_of
from pipelines.gigstack.api.teams import find_teams
from pipelines.gigstack.endpoints import RESOURCES, Pagination, Resource, Scope, WindowField
from pipelines.gigstack.extract.documents import ids_of
from pipelines.gigstack.settings import Settings


@dataclass(frozen=True)
class ResourceCheck:
    """What one stream of one team looks like. `rows` is what the API claims, unfiltered."""

    team_id: str
    stream: str  # printed as JSON, which names things as the columns of `ops` do
    status: str  # ok, unavailable or failed
    path: str
    paging: str = ""
    rows: int | None = None
    date_filter: str = ""
    note: str = ""


@dataclass(frozen=True)
class CheckResult:
    """What `check` found. `clock_skew_seconds` is the API's clock minus this machine's."""

    key_team: str
    teams: tuple[str, ...]
    clock_skew_seconds: float | None
    findings: list[ResourceCheck]
    requests: int


async def check_account(settings: Settings, resources: Sequence[Resource]) -> CheckResult:
    """Ask every stream of every team once or a few times; changes nothing.

    Errors: AuthenticationError when the key is refused; NothingReadError; ConfigurationError.
    """
    request_stats = RequestStats()
    key_team, teams = await find_teams(settings, request_stats)
    async with open_client(settings) as client:
        findings = await asyncio.gather(
            *(
                _probe(client, resource, team, key_team, request_stats)
                for resource in resources
                for team in (teams if resource.scope is not Scope.KEY else (key_team,))
            )
        )
    if findings and all(finding.status == "failed" for finding in findings):
        raise NothingReadError(f"Nothing could be read. {findings[0].note}")
    return CheckResult(key_team, teams, client.clock_skew, list(findings), request_stats.requests)


async def _probe(
    client: GigstackClient,
    resource: Resource,
    team: str,
    key_team: str,
    request_stats: RequestStats,
) -> ResourceCheck:
    asked = None if team == key_team else team
    path = resource.paths[0]
    try:
        parent = await _some_parent(client, resource, asked, request_stats)
        if resource.scope is Scope.PARENT and parent is None:
            return ResourceCheck(team, resource.name, "ok", path, note="no parent to ask about")
        params = start_params(resource, 1, asked)
        path = await probe_path(
            client,
            resource.paths,
            lambda path: path.replace("{team}", team).replace("{parent}", parent or ""),
            params,
            request_stats,
        )
        envelope = await client.get(path, params, request_stats)
        date_filter = await _date_filter(client, resource, path, params, request_stats)
    except AuthenticationError:
        raise
    except UnavailableError as error:
        return ResourceCheck(team, resource.name, "unavailable", path, note=str(error))
    except GigstackError as error:
        return ResourceCheck(team, resource.name, "failed", path, note=str(error))
    rows = _rows(envelope, resource)
    return ResourceCheck(
        team, resource.name, "ok", path, _paging(envelope, resource), rows, date_filter
    )


async def _some_parent(
    client: GigstackClient, resource: Resource, asked: str | None, request_stats: RequestStats
) -> str | None:
    """The id of one object whose documents can be asked for."""
    if resource.scope is not Scope.PARENT:
        return None
    parents = next(s for s in RESOURCES.values() if s.entity == resource.parents)
    envelope = await client.get(parents.paths[0], start_params(parents, 1, asked), request_stats)
    ids = ids_of(records_of(envelope, parents))
    return ids[0] if ids else None


async def _date_filter(
    client: GigstackClient,
    resource: Resource,
    path: str,
    params: Params,
    request_stats: RequestStats,
) -> str:
    """The spelling of the date filter that the list honours, if it knows of one."""
    window = resource.window or (WindowField.CREATED if resource.created_filter else None)
    if window is None:
        return ""

    async def is_empty(bounds: Bounds) -> bool:
        return not count_records(
            await client.get(path, {**params, **bounds}, request_stats), resource
        )

    spelling = await detect_date_filter(window, is_empty)
    return spelling.name if spelling else "not honoured"


def _rows(envelope: Envelope, resource: Resource) -> int | None:
    if resource.pagination is Pagination.SINGLE:
        return count_records(envelope, resource)
    totals = (envelope.total_results, envelope.total_count, envelope.total)
    return next((total for total in totals if total is not None), None)


def _paging(envelope: Envelope, resource: Resource) -> str:
    if resource.pagination in (Pagination.SINGLE, Pagination.PAGE):
        return str(resource.pagination.value)
    if envelope.next_cursor:
        return str(Pagination.CURSOR.value)
    if envelope.next:
        return "starting_after" if resource.pagination is Pagination.STARTING_AFTER else "next"
    return "one page" if not envelope.has_more else "no cursor given"
