"""Finds out what an account's API is like, with a few harmless requests: the `check` command.

It settles at run time what is not known of the API: which lists answer, how they are paged, which
spelling of the date filter they honour, how far the clocks differ. API: https://docs.gigstack.io
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
from pipelines.gigstack.api.paths import fill_path
from pipelines.gigstack.api.records import count_records, records_of
from pipelines.gigstack.api.teams import find_teams
from pipelines.gigstack.endpoint_types import Pagination, Resource, Scope, WindowField
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.gigstack.extract.documents import ids_of
from pipelines.gigstack.settings import Settings


@dataclass(frozen=True)
class ResourceCheck:
    """The check of one resource of one team; `rows` is the unfiltered total that the API states.

    The names are those of the JSON output, which follows the columns of `ops`.
    """

    team_id: str
    stream: str
    status: str  # ok, unavailable or failed
    path: str
    paging: str = ""
    rows: int | None = None
    date_filter: str = ""
    note: str = ""


@dataclass(frozen=True)
class CheckResult:
    """The check of an account. `clock_skew_seconds` is the API's clock minus this machine's."""

    key_team: str
    teams: tuple[str, ...]
    clock_skew_seconds: float | None
    findings: list[ResourceCheck]
    requests: int


async def check_account(settings: Settings, resources: Sequence[Resource]) -> CheckResult:
    """Check each resource of each team with a few requests; nothing is changed.

    Raises:
        AuthenticationError: The API refuses the key.
        ConfigurationError: Neither the key nor the API says which team is the key's own.
        NothingReadError: Every resource fails.
    """
    request_stats = RequestStats()
    key_team, teams = await find_teams(settings, request_stats)
    async with open_client(settings) as client:
        checker = _Checker(client, key_team, request_stats)
        checks = await asyncio.gather(
            *(
                checker.check(resource, team)
                for resource in resources
                for team in (teams if resource.scope is not Scope.KEY else (key_team,))
            )
        )
    if checks and all(check.status == "failed" for check in checks):
        raise NothingReadError(f"Nothing could be read. {checks[0].note}")
    return CheckResult(key_team, teams, client.clock_skew, list(checks), request_stats.requests)


@dataclass(frozen=True)
class _Checker:
    client: GigstackClient
    key_team: str
    request_stats: RequestStats

    async def check(self, resource: Resource, team: str) -> ResourceCheck:
        """Check a resource of a team; only a refused key is raised, other errors are noted."""
        path = resource.paths[0]
        try:
            parent = await self._sample_parent(resource, team)
            if resource.scope is Scope.PARENT and parent is None:
                note = "no parent to ask about"
                return ResourceCheck(team, resource.name, "ok", path, note=note)
            params = start_params(resource, 1, self._team_param(team))
            path = await self._find_path(resource, team, parent, params)
            envelope = await self.client.get(path, params, self.request_stats)
            date_filter = await self._date_filter(resource, path, params)
        except AuthenticationError:
            raise
        except UnavailableError as error:
            return ResourceCheck(team, resource.name, "unavailable", path, note=str(error))
        except GigstackError as error:
            return ResourceCheck(team, resource.name, "failed", path, note=str(error))
        paging, rows = _paging(envelope, resource), _stated_rows(envelope, resource)
        return ResourceCheck(team, resource.name, "ok", path, paging, rows, date_filter)

    def _team_param(self, team: str) -> str | None:
        return None if team == self.key_team else team

    async def _sample_parent(self, resource: Resource, team: str) -> str | None:
        """The id of a parent whose documents can be requested, if the resource has parents."""
        if resource.scope is not Scope.PARENT:
            return None
        parents = next(r for r in RESOURCES.values() if r.entity == resource.parents)
        params = start_params(parents, 1, self._team_param(team))
        envelope = await self.client.get(parents.paths[0], params, self.request_stats)
        ids = ids_of(records_of(envelope, parents))
        return ids[0] if ids else None

    async def _find_path(
        self, resource: Resource, team: str, parent: str | None, params: Params
    ) -> str:
        return await probe_path(
            self.client,
            resource.paths,
            lambda path: fill_path(path, team=team, parent=parent or "-"),
            params,
            self.request_stats,
        )

    async def _date_filter(self, resource: Resource, path: str, params: Params) -> str:
        """The spelling of the date filter that the list honours, if the API documents one."""
        window = resource.window or (WindowField.CREATED if resource.created_filter else None)
        if window is None:
            return ""

        async def is_empty(bounds: Bounds) -> bool:
            envelope = await self.client.get(path, {**params, **bounds}, self.request_stats)
            return not count_records(envelope, resource)

        date_filter = await detect_date_filter(window, is_empty)
        return date_filter.name if date_filter else "not honoured"


def _stated_rows(envelope: Envelope, resource: Resource) -> int | None:
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
