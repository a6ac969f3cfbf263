"""The check of one list: it reads two pages as a load would, and proves what a load relies on.

API: https://docs.gigstack.io
"""

from collections.abc import Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pipelines.foundation.errors import ApiError, UnavailableError
from pipelines.gigstack.api.change_filters import ChangeFilters
from pipelines.gigstack.api.client import GigstackClient, RequestStats
from pipelines.gigstack.api.date_filters import (
    NOT_HONOURED,
    Bounds,
    DateFilters,
    FirstPage,
)
from pipelines.gigstack.api.first_page import Params, probe_path, show_first_page, start_params
from pipelines.gigstack.api.paginators import Paginator
from pipelines.gigstack.api.paths import fill_path
from pipelines.gigstack.api.records import object_of, records_of, split_records
from pipelines.gigstack.api.teams import team_param
from pipelines.gigstack.endpoint_types import Pagination, Resource, Scope
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.gigstack.extract.documents import ids_of

MAX_PAGES = 2
EMPTY = "unknown: empty"


@dataclass(frozen=True)
class ResourceCheck:
    """The check of one resource of one team. `rows` is the total that the API states, or the rows
    of a list that ended within the pages that were read.

    `single_only` names fields that a single object has and its list has not; `plan` is what a load
    will do. The other names are those of the JSON output, which follows the columns of `ops`.
    """

    team_id: str
    stream: str
    status: str  # ok, unavailable or failed
    path: str
    paging: str = ""
    rows: int | None = None
    date_filter: str = ""
    change_filter: str = ""
    single_only: list[str] = field(default_factory=list)
    plan: str = ""
    note: str = ""


@dataclass(frozen=True)
class ResourceChecker:
    """Checks the lists of these teams."""

    client: GigstackClient
    request_stats: RequestStats
    date_filters: DateFilters
    change_filters: ChangeFilters
    page_size: int
    key_team: str
    teams: tuple[str, ...]

    async def check(self, resource: Resource, team: str) -> ResourceCheck:
        """Check a resource of a team; errors are noted, whatever they are."""
        path = resource.paths[0]
        try:
            return await self._check(resource, team)
        except UnavailableError as error:
            return ResourceCheck(team, resource.name, "unavailable", path, note=str(error))
        except ApiError as error:
            return ResourceCheck(team, resource.name, "failed", path, note=str(error))

    async def _check(self, resource: Resource, team: str) -> ResourceCheck:
        parent = await self._sample_parent(resource, team)
        if resource.scope is Scope.PARENT and parent is None:
            note = "no parent to ask about"
            return ResourceCheck(team, resource.name, "ok", resource.paths[0], note=note)
        params = start_params(resource, self.page_size, self._team_param(resource, team))
        path = await self._find_path(resource, team, parent, params)
        paginator = Paginator(resource, team, path, params, self.request_stats, parent)
        records, is_whole = await self._read_pages(paginator)
        if paginator.doubt:
            raise ApiError(paginator.doubt)
        date_filter = await self._date_filter(resource, path, paginator.params)
        change_filter = await self._change_filter(resource, path, paginator.params)
        return ResourceCheck(
            team,
            resource.name,
            "ok",
            path,
            _paging(paginator, resource, is_whole=is_whole),
            paginator.records_seen if is_whole else paginator.api_total,
            date_filter,
            change_filter,
            await self._single_only(resource, records, params),
            _plan(resource, paginator, date_filter, change_filter),
        )

    def _team_param(self, resource: Resource, team: str) -> str | None:
        return team_param(resource, team, self.teams, self.key_team)

    async def _sample_parent(self, resource: Resource, team: str) -> str | None:
        """The id of a parent whose documents can be requested, if the resource has parents."""
        if resource.scope is not Scope.PARENT:
            return None
        parents = next(r for r in RESOURCES.values() if r.entity == resource.parents)
        params = start_params(parents, 1, self._team_param(parents, team))
        envelope = await self.client.get(parents.paths[0], params, self.request_stats)
        ids = ids_of(records_of(envelope, parents))
        return ids[0] if ids else None

    async def _find_path(
        self, resource: Resource, team: str, parent: str | None, params: Params
    ) -> str:
        return await probe_path(
            self.client,
            resource,
            lambda path: fill_path(path, team=team, parent=parent or "-"),
            params,
            self.request_stats,
        )

    async def _read_pages(self, paginator: Paginator) -> tuple[bytes, bool]:
        """The records of the first page, and whether the list ends within `MAX_PAGES`."""
        first = b"[]"
        async with aclosing(paginator.records(self.client)) as pages:
            async for records in pages:
                first = records if paginator.pages == 1 else first
                if paginator.pages == MAX_PAGES:
                    return first, False
        return first, True

    async def _date_filter(self, resource: Resource, path: str, params: Params) -> str:
        """The spelling of the date filter that the list honours, if the API documents one."""
        if not (resource.window or resource.created_filter):
            return ""
        has_rows = False

        async def first_page(bounds: Bounds) -> FirstPage:
            nonlocal has_rows
            shown = await show_first_page(
                self.client, resource, path, params, bounds, self.request_stats
            )
            has_rows |= bool(shown.ids)
            return shown

        found = await self.date_filters.of(resource, first_page)
        known = self.client.findings.date_filters.get(resource.name)
        return found.name if found else known or (NOT_HONOURED if has_rows else EMPTY)

    async def _change_filter(self, resource: Resource, path: str, params: Params) -> str:
        """The spelling of the filter on changes that the list honours; most have none."""
        if not resource.window:
            return ""

        async def first_page(bounds: Bounds) -> FirstPage:
            return await show_first_page(
                self.client, resource, path, params, bounds, self.request_stats
            )

        found = await self.change_filters.find(resource, first_page)
        return found.name if found else ""

    async def _single_only(self, resource: Resource, records: bytes, params: Params) -> list[str]:
        """The fields that the single object has beyond those of its record in the list."""
        ids = ids_of(records)
        if not resource.single_path or not ids:
            return []
        own = {name: value for name, value in params.items() if name == "team"}
        path = fill_path(resource.single_path, id=ids[0])
        with suppress(ApiError):
            answer = await self.client.get(path, own, self.request_stats)
            single = set(_fields_in(object_of(answer, resource)))
            listed = set(_fields_in(_record_of(ids[0], records)))
            if missing := sorted(single - listed):
                self.client.findings.single_only[resource.name] = missing
            return missing
        return []


def _record_of(object_id: str, records: bytes) -> bytes:
    """The record with an id, which is on the page."""
    return next(bytes(r) for r in split_records(records) if ids_of(b"[" + r + b"]") == [object_id])


def _fields_in(content: bytes) -> Iterator[str]:
    """The paths of all fields that have a value: `items`, `items[].taxes`, `client.name`."""
    return _fields(msgspec.json.decode(content), "")


def _fields(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            if member not in (None, "", [], {}):
                yield f"{path}.{name}".lstrip(".")
                yield from _fields(member, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for element in value:
            yield from _fields(element, f"{path}[]" if path else "")


def _paging(paginator: Paginator, resource: Resource, *, is_whole: bool) -> str:
    if resource.pagination in (Pagination.SINGLE, Pagination.PAGE):
        return str(resource.pagination.value)
    if is_whole and paginator.pages == 1:
        return "one page"
    return paginator.followed or "one page"


def _plan(resource: Resource, paginator: Paginator, date_filter: str, change_filter: str) -> str:
    """What a load does with this list, in a few words."""
    if resource.pagination is Pagination.SINGLE:
        return "one request" + (" a parent" if resource.scope is Scope.PARENT else "")
    pages = f"pages of {paginator.params['limit']}"
    if not resource.window:
        return f"all, in {pages}"
    if change_filter:
        return f"what changed by {change_filter}, in {pages}"
    how = "from the newest on" if date_filter in (NOT_HONOURED, EMPTY) else f"by {date_filter}"
    return f"a window {how}, in {pages}"
