"""The list endpoints, in their three kinds of paging, and what serving adds to a page."""

from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pipelines.sandbox.api import filters, paging
from pipelines.sandbox.api.auth import Auth
from pipelines.sandbox.api.envelopes import ApiError, json_response, listing
from pipelines.sandbox.api.faults import Faults
from pipelines.sandbox.api.paging import Window
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.storage import positions, quirks

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]

NUMBERED_LIMIT = 50
MISSING = ("transfers", "sat_lists")  # with the fault missing_stream
FORBIDDEN = "retentions"  # to the last team, with the fault forbidden_stream
_NOT_RECORDS = (b'"ghost"', b"42", b'{"beta_score":1.5,"name":"no id"}')
_NULLS_PER_THOUSAND = 20
_UNKNOWN_PER_THOUSAND = 10


class Lists:
    """Makes the endpoints of an account's lists."""

    def __init__(self, account: Account, auth: Auth, faults: Faults, date_filter: str) -> None:
        self.account = account
        self.auth = auth
        self.faults = faults
        self.date_filter = date_filter

    def team(self, request: Request) -> int:
        asked = request.query_params.get("team")
        return self.auth.team(request.headers.get("authorization"), asked)

    def endpoint(self, shown: AccountList) -> Endpoint:
        """The endpoint of a list."""
        page_of = {"cursor": self._page, "number": self._numbered_page, "whole": self._whole}
        page = page_of[shown.paging]

        async def answer(request: Request) -> Response:
            team = self.team(request)
            self._check_available(shown, team)
            return json_response(
                page(request, positions.SHARED_TEAM if shown.is_shared else team, shown)
            )

        return answer

    def window(self, request: Request, team: int, name: str) -> Window:
        if name == "sat_invoices":
            return paging.issued_window(request.query_params, team)
        return paging.created_window(request.query_params, team, name, self.date_filter)

    def _page(self, request: Request, team: int, shown: AccountList) -> bytes:
        query = request.query_params
        limit = paging.number(query, "limit", paging.DEFAULT_LIMIT, paging.MAX_LIMIT)
        cursor = query.get(shown.cursor[0])
        ascending = paging.one_of(query, "sort", paging.SORTS) == "asc"
        paging.one_of(query, "order_by", paging.ORDERS)
        window = self.window(request, team, shown.name)
        if filters.metadata_in(query):
            return self._found_page(request, team, shown, window)
        low, high = window
        after = paging.position_in(cursor, paging.whole(team, shown.name)) if cursor else None
        if after is not None:
            low, high = (max(low, after + 1), high) if ascending else (low, min(high, after))
        start = low - 1 if ascending else high
        if self._is_empty_page(request, shown.name, team, after):
            following = paging.cursor_at(start, f"again{cursor or ''}")
            more: dict[str, Any] = {shown.cursor[1]: following, "has_more": True}
            return self._envelope(shown, team, [], start, more)
        window = Window(low, high)
        rows = self._matching(request, shown, window, limit + 1, ascending=ascending)
        more = {"has_more": len(rows) > limit}
        rows = rows[:limit]
        if more["has_more"]:
            more[shown.cursor[1]] = paging.cursor_at(rows[-1][0])
        self._spoil_cursor(more, shown.cursor[1], cursor)
        bodies = self._bodies(request, shown.name, rows)
        return self._envelope(shown, team, bodies, rows[0][0] if rows else start, more)

    def _found_page(self, request: Request, team: int, shown: AccountList, window: Window) -> bytes:
        """With a filter by metadata a list is paged by number, without a cursor."""
        query = request.query_params
        limit = paging.number(query, "limit", paging.DEFAULT_LIMIT, paging.MAX_LIMIT)
        page = paging.number(query, "page", 1)
        ascending = query.get("sort") == "asc"
        found = self._matching(request, shown, window, -1, ascending=ascending)
        rows = found[(page - 1) * limit : page * limit]
        more = {"page": page, "limit": limit, "has_more": page * limit < len(found)}
        bodies = self._bodies(request, shown.name, rows)
        return self._envelope(shown, team, bodies, rows[0][0] if rows else window.high, more)

    def _matching(
        self, request: Request, shown: AccountList, window: Window, limit: int, *, ascending: bool
    ) -> list[filters.Row]:
        store = self.account.store
        tests = filters.tests_of(request.query_params, shown.filters, store, window)
        return filters.matching(store, window, limit, tests, ascending=ascending)

    def _numbered_page(self, request: Request, team: int, shown: AccountList) -> bytes:
        query = request.query_params
        limit = paging.number(query, "limit", NUMBERED_LIMIT, paging.MAX_LIMIT)
        page = paging.number(query, "page", 1)
        rows = self._all(request, team, shown)
        more = {"total": len(rows), "page": page, "limit": limit}
        return listing(rows[(page - 1) * limit : page * limit], self.account.now, 3, **more)

    def _whole(self, request: Request, team: int, shown: AccountList) -> bytes:
        return listing(self._all(request, team, shown), self.account.now, 1)

    def _all(self, request: Request, team: int, shown: AccountList) -> list[bytes]:
        window = paging.whole(team, shown.name)
        rows = self._matching(request, shown, window, -1, ascending=False)
        return [body for _, body in self.shown(request, rows)]

    def shown(self, request: Request, rows: list[filters.Row]) -> list[filters.Row]:
        """The rows as a variant wants them."""
        if filters.SHOW_UPDATED not in request.query_params:
            return rows
        return filters.with_updated_at(self.account.store, rows)

    def _envelope(
        self, shown: AccountList, team: int, bodies: list[bytes], mark: int, more: dict[str, Any]
    ) -> bytes:
        die = quirks.per_mille(mark)
        if die < _NULLS_PER_THOUSAND:
            bodies.insert(len(bodies) // 2, b"null")
        if shown.total:
            count = self.account.store.counts.get(positions.partition(team, shown.name), 0)
            is_left_open = shown.total == "total_results" and die % 10 == 0
            more[shown.total] = None if is_left_open else count
        return listing(bodies, self.account.now, die, **more)

    def _bodies(self, request: Request, name: str, rows: list[tuple[int, bytes]]) -> list[bytes]:
        if name == "teams":
            own = self.account.roster[self.auth.own_team(request.headers.get("authorization"))]
            rows = [row for row in rows if row[0] != positions.place_of(own.id)]
        rows = self.shown(request, rows)
        bodies = [body for _, body in rows]
        if self.faults.has("unknown_fields"):
            bodies = [
                b'{"beta_score":12.5,' + body[1:]
                if quirks.per_mille(place) < _UNKNOWN_PER_THOUSAND
                else body
                for place, body in rows
            ]
        if rows and self.faults.strikes("bad_records", str(request.url)):
            self.faults.hits["bad_records"] += 1
            bodies.extend(_NOT_RECORDS)
        return bodies

    def _is_empty_page(self, request: Request, name: str, team: int, after: int | None) -> bool:
        if name == "webhooks" and team % 2 == 1 and after is None:
            return True
        is_struck = self.faults.strikes("empty_page", f"{request.url.path} {team} {after}")
        self.faults.hits["empty_page"] += is_struck
        return is_struck

    def _spoil_cursor(self, more: dict[str, Any], answered: str, cursor: str | None) -> None:
        if cursor and self.faults.has("stuck_cursor"):
            more |= {answered: cursor, "has_more": True}
        elif not more["has_more"] and self.faults.has("missing_cursor"):
            more["has_more"] = True

    def _check_available(self, shown: AccountList, team: int) -> None:
        if shown.name in MISSING and self.faults.has("missing_stream"):
            raise ApiError(404, "resource_not_found", "Cannot GET this path")
        is_last = team == len(self.account.teams) - 1
        if shown.name == FORBIDDEN and is_last and self.faults.has("forbidden_stream"):
            raise ApiError(403, "insufficient_permissions", "The plan does not include retentions")
