"""The search endpoints: words in the texts of a team's records, paged by number."""

from starlette.requests import Request
from starlette.responses import Response

from pipelines.sandbox.api import filters, paging
from pipelines.sandbox.api.envelopes import ApiError, json_response
from pipelines.sandbox.api.lists import Endpoint, Lists
from pipelines.sandbox.api.singles import INVOICES
from pipelines.sandbox.storage.store import Record, decode, encode

SEARCHES = {
    "/clients/search": ("clients",),
    "/invoices/search": INVOICES,
    "/payments/search": ("payments",),
    "/receipts/search": ("receipts",),
}


def search(lists: Lists, names: tuple[str, ...]) -> Endpoint:
    """The endpoint that searches these lists: `found`, `page`, `per_page` and the `hits`."""

    async def answer(request: Request) -> Response:
        query, team = request.query_params, lists.team(request)
        if not query.get("q"):
            raise ApiError(400, "missing_required_field", "q is missing")
        page = paging.number(query, "page", 1)
        default = paging.number(query, "limit", paging.DEFAULT_LIMIT, paging.MAX_LIMIT)
        per_page = paging.number(query, "per_page", default, paging.MAX_LIMIT)
        rows = _found(lists, team, names, query["q"].lower())
        hits = [{"document": row} for row in rows[(page - 1) * per_page : page * per_page]]
        body = {"found": len(rows), "page": page, "per_page": per_page, "hits": hits}
        return json_response(encode({"success": True, "message": "OK", **body}))

    return answer


def _found(lists: Lists, team: int, names: tuple[str, ...], sought: str) -> list[Record]:
    """The records with these words, newest first; `*` finds all."""
    store = lists.account.store
    windows = [paging.whole(team, name) for name in names]
    tests: list[filters.Test] = [lambda _, body: sought == "*" or sought in _texts(decode(body))]
    return [
        decode(body)
        for window in windows
        for _, body in filters.matching(store, window, -1, tests, ascending=False)
    ]


def _texts(record: Record) -> str:
    values = [*record.values(), *(record.get("client") or {}).values()]
    return " ".join(str(value) for value in values if isinstance(value, str | int)).lower()
