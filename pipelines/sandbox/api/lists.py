"""The list endpoints: which stream, which paging dialect, and what serving adds to a page."""

from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pipelines.sandbox.api import filters, paging
from pipelines.sandbox.api.auth import Gate
from pipelines.sandbox.api.envelopes import ApiError, json_response, listing
from pipelines.sandbox.api.faults import Faults
from pipelines.sandbox.api.paging import Window
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.storage import positions, quirks

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]

STREAM_AT = {
    "/clients": "clients",
    "/services": "services",
    "/invoices/income": "income",
    "/invoices/egress": "egress",
    "/invoices/payment": "complements",
    "/invoices/transfer": "transfers",
    "/invoices/draft": "drafts",
    "/invoices/sat": "sat_invoices",
    "/retentions": "retentions",
    "/payments": "payments",
    "/receipts": "receipts",
    "/teams": "teams",
    "/users": "users",
    "/webhooks": "webhooks",
}
CURSOR_NAMES = {"/invoices/sat": ("starting_after", "next"), "/webhooks": ("cursor", "next_cursor")}
TEAMLESS = ("teams", "cfdi_errors", "sat_lists")
ERRORS_LIMIT = 50
_NOT_RECORDS = (b'"ghost"', b"42", b'{"beta_score":1.5,"name":"no id"}')
_NULLS_PER_THOUSAND = 20
_UNKNOWN_PER_THOUSAND = 10


class Lists:
    """Makes the endpoints of an account's lists."""

    def __init__(self, account: Account, gate: Gate, faults: Faults, date_filter: str) -> None:
        self.account = account
        self.gate = gate
        self.faults = faults
        self.date_filter = date_filter

    def team(self, request: Request) -> int:
        asked = request.query_params.get("team")
        return self.gate.team(request.headers.get("authorization"), asked)

    def endpoint(self, path: str) -> Endpoint:
        """The endpoint of a cursor-paged list."""
        stream = STREAM_AT[path]
        asked, answered = CURSOR_NAMES.get(path, ("next", "next"))

        async def answer(request: Request) -> Response:
            team = self.team(request)
            self._check_available(stream, team)
            shown = positions.SHARED_TEAM if stream in TEAMLESS else team
            page = self._page(request, shown, stream, request.query_params.get(asked), answered)
            return json_response(page)

        return answer

    def window(self, request: Request, team: int, stream: str) -> Window:
        if stream == "sat_invoices":
            return paging.issued_window(request.query_params, team)
        return paging.created_window(request.query_params, team, stream, self.date_filter)

    def _page(
        self, request: Request, team: int, stream: str, cursor: str | None, answered: str
    ) -> bytes:
        query = request.query_params
        limit = paging.number(query, "limit", paging.DEFAULT_LIMIT, paging.MOST)
        low, high = self.window(request, team, stream)
        ascending = query.get("sort") == "asc"
        after = paging.position_in(cursor) if cursor else None
        if after is not None:
            low, high = (max(low, after + 1), high) if ascending else (low, min(high, after))
        start = low - 1 if ascending else high
        if self._is_empty_page(request, stream, team, after):
            following = paging.cursor_at(start, f"again{cursor or ''}")
            return self._envelope(stream, team, [], start, {answered: following, "has_more": True})
        sought = filters.wanted(query, stream)
        store = self.account.store
        rows = filters.matching(store, low, high, limit + 1, sought, ascending=ascending)
        has_more = len(rows) > limit
        rows = rows[:limit]
        more: dict[str, Any] = {"has_more": has_more}
        if has_more:
            more[answered] = paging.cursor_at(rows[-1][0])
        self._spoil_cursor(more, answered, cursor)
        bodies = self._bodies(request, stream, rows)
        return self._envelope(stream, team, bodies, rows[0][0] if rows else start, more)

    def _envelope(
        self, stream: str, team: int, bodies: list[bytes], mark: int, more: dict[str, Any]
    ) -> bytes:
        die = quirks.dice(mark)
        if die < _NULLS_PER_THOUSAND:
            bodies.insert(len(bodies) // 2, b"null")
        count = self.account.store.counts.get(positions.partition(team, stream), 0)
        if stream == "retentions":
            more["total_count"] = count
        elif stream != "webhooks":
            more["total_results"] = None if die % 10 == 0 else count
        return listing(bodies, self.account.now, die, **more)

    def _bodies(self, request: Request, stream: str, rows: list[tuple[int, bytes]]) -> list[bytes]:
        if stream == "teams":
            own = self.account.roster[self.gate.own_team(request.headers.get("authorization"))]
            rows = [row for row in rows if row[0] != positions.place_of(own.id)]
        bodies = [body for _, body in rows]
        if self.faults.has("unknown_fields"):
            bodies = [
                b'{"beta_score":12.5,' + body[1:]
                if quirks.dice(place) < _UNKNOWN_PER_THOUSAND
                else body
                for place, body in rows
            ]
        if rows and self.faults.strikes("bad_records", str(request.url)):
            self.faults.hits["bad_records"] += 1
            bodies.extend(_NOT_RECORDS)
        return bodies

    def _is_empty_page(self, request: Request, stream: str, team: int, after: int | None) -> bool:
        if stream == "webhooks" and team % 2 == 1 and after is None:
            return True
        is_struck = self.faults.strikes("empty_page", f"{request.url.path} {team} {after}")
        self.faults.hits["empty_page"] += is_struck
        return is_struck

    def _spoil_cursor(self, more: dict[str, Any], answered: str, cursor: str | None) -> None:
        if cursor and self.faults.has("stuck_cursor"):
            more |= {answered: cursor, "has_more": True}
        elif not more["has_more"] and self.faults.has("missing_cursor"):
            more["has_more"] = True

    def _check_available(self, stream: str, team: int) -> None:
        if stream == "transfers" and self.faults.has("missing_stream"):
            raise ApiError(404, "resource_not_found", "Cannot GET this path")
        is_last = team == len(self.account.teams) - 1
        if stream == "retentions" and is_last and self.faults.has("forbidden_stream"):
            raise ApiError(403, "insufficient_permissions", "The plan does not include retentions")

    async def cfdi_errors(self, request: Request) -> Response:
        """The error matrix, by page number."""
        self.team(request)
        limit = paging.number(request.query_params, "limit", ERRORS_LIMIT, paging.MOST)
        page = paging.number(request.query_params, "page", 1)
        window = paging.whole(positions.SHARED_TEAM, "cfdi_errors")
        rows = self.account.store.page(*window, -1, ascending=False)
        shown = [body for _, body in rows[(page - 1) * limit : page * limit]]
        more = {"total": len(rows), "page": page, "limit": limit}
        return json_response(listing(shown, self.account.now, 3, **more))

    async def sat_lists(self, request: Request) -> Response:
        self.team(request)
        if self.faults.has("missing_stream"):
            raise ApiError(404, "resource_not_found", "Cannot GET this path")
        window = paging.whole(positions.SHARED_TEAM, "sat_lists")
        rows = [body for _, body in self.account.store.page(*window, -1, ascending=False)]
        return json_response(listing(rows, self.account.now, 1))
