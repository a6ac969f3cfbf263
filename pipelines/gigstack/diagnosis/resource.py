"""Asks one list for a page, with a few tries at most, and says what came of it.

API: https://docs.gigstack.io
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.foundation.errors import NothingReadError, UnavailableError
from pipelines.gigstack.api.client import GigstackClient, RequestStats
from pipelines.gigstack.api.first_page import (
    REFUSED,
    UNKNOWN_CURSOR,
    UNKNOWN_PARAMETER,
    Params,
    start_params,
)
from pipelines.gigstack.api.teams import team_param
from pipelines.gigstack.diagnosis.fields import describe_fields
from pipelines.gigstack.diagnosis.requests import Asked, Outcome, ask
from pipelines.gigstack.diagnosis.words import words_by_path
from pipelines.gigstack.endpoint_types import Pagination, Resource, Scope
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.gigstack.extract.documents import ids_of
from pipelines.gigstack.normalize.schema import read_shape

MAX_REQUESTS = 3  # of one resource
SMALLER_PAGE_SIZES = (50, 10)  # asked for in turn when a page size is refused
TOO_LARGE_A_PAGE = 101
NO_PARENT = "no parent to ask about"


@dataclass
class ResourceDiagnosis:
    """How a list answers. `status` is ok, unavailable, failed, or that there was nothing to ask.

    `fields` are those of the last page that was asked for.
    """

    resource: str
    team: int  # its number among those that were asked, from 1
    status: str
    requests: list[Asked] = field(default_factory=list)
    undeclared: list[str] = field(default_factory=list)
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)


class Examiner:
    """Asks the resources of one account, one after the other."""

    def __init__(
        self,
        client: GigstackClient,
        request_stats: RequestStats,
        page_size: int,
        key_team: str,
        teams: Sequence[str],
    ) -> None:
        self._client = client
        self._request_stats = request_stats
        self._page_size = page_size
        self._key_team = key_team
        self._teams = list(teams)
        self._parents: dict[tuple[str, str], list[str]] = {}  # their ids, by team and entity
        self.reasons: dict[str, str] = {}

    async def examine(self, resource: Resource, team: str) -> ResourceDiagnosis:
        """Ask for a page of a resource, with a few tries at most.

        Raises:
            NothingReadError: It is the first one, and nobody answers.
        """
        outcomes: list[Outcome] = []
        for template, ids, params in self._tries(resource, team):
            outcomes.append(await self._ask(resource, template, ids, params))
            if _is_enough(resource, outcomes[-1]):
                break
            if outcomes[-1].has_no_answer and not self._client.answered and not self.reasons:
                raise NothingReadError(f"Nothing could be read. {outcomes[-1].error}")
        return self._describe(resource, team, outcomes)

    def _describe(
        self, resource: Resource, team: str, outcomes: Sequence[Outcome]
    ) -> ResourceDiagnosis:
        number = self._teams.index(team) + 1
        if not outcomes:
            return ResourceDiagnosis(resource.name, number, NO_PARENT)
        last = outcomes[-1]
        self._parents.setdefault((team, resource.entity), []).extend(ids_of(last.records))
        status = _status(outcomes)
        if status == "failed":
            reason = str(last.error or "the list is not where a load reads it")
            self.reasons[resource.name] = reason
        shape = read_shape(resource.entity)
        fields = describe_fields(last.records, shape, words_by_path(resource.entity, shape))
        undeclared = [path for path, facts in fields.items() if "is_undeclared" in facts]
        asked = [outcome.asked for outcome in outcomes]
        return ResourceDiagnosis(resource.name, number, status, asked, undeclared, fields)

    def _tries(self, resource: Resource, team: str) -> Iterator[tuple[str, dict[str, str], Params]]:
        """What to ask for in turn: candidates of the path, parents, or smaller pages."""
        params = start_params(resource, self._page_size, self._team_param(resource, team))
        parents = ["-"]
        if resource.scope is Scope.PARENT:
            parents = self._parents.get((team, resource.parents or ""), [])[:MAX_REQUESTS]
        for template in resource.paths:
            for parent in parents:
                yield template, {"team": team, "parent": parent}, params
        if "limit" in params and len(resource.paths) == 1:
            for size in (size for size in SMALLER_PAGE_SIZES if size < self._page_size):
                yield resource.paths[0], {"team": team, "parent": "-"}, params | {"limit": size}

    def _team_param(self, resource: Resource, team: str) -> str | None:
        return team_param(resource, team, self._teams, self._key_team)

    async def _ask(
        self, resource: Resource, template: str, ids: dict[str, str], params: Params
    ) -> Outcome:
        return await ask(self._client, self._request_stats, resource, template, ids, params)

    async def ask_oddly(self, found: Sequence[ResourceDiagnosis]) -> dict[str, Asked]:
        """Ask a list that answers for what the API should refuse."""
        names = [one.resource for one in found if one.status == "ok" and one.team == 1]
        resource = next((r for r in map(RESOURCES.__getitem__, names) if _has_cursor(r)), None)
        if resource is None:
            return {}
        team = self._teams[0]
        own = start_params(resource, 1, self._team_param(resource, team))
        odd: dict[str, Params] = {
            "unknown_parameter": {**UNKNOWN_PARAMETER},
            "unknown_cursor": {resource.pagination.value: UNKNOWN_CURSOR},
            "page_too_large": {"limit": TOO_LARGE_A_PAGE},
        }
        ids = {"team": team, "parent": "-"}
        return {
            name: (await self._ask(resource, resource.paths[0], ids, own | more)).asked
            for name, more in odd.items()
        }


def _has_cursor(resource: Resource) -> bool:
    return resource.pagination is Pagination.NEXT


def _is_enough(resource: Resource, outcome: Outcome) -> bool:
    """Whether nothing else is to be tried."""
    if resource.scope is Scope.PARENT:
        return bool(outcome.asked.records)
    if len(resource.paths) > 1:
        return outcome.asked.list_at is not None
    return outcome.asked.status not in REFUSED


def _status(outcomes: Sequence[Outcome]) -> str:
    if any(outcome.is_read for outcome in outcomes):
        return "ok"
    is_refused = all(isinstance(outcome.error, UnavailableError) for outcome in outcomes)
    return "unavailable" if is_refused else "failed"
