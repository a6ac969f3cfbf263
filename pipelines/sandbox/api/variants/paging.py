"""Other ways for a list to go on: cursors elsewhere or in another form, pages without end."""

from collections.abc import Callable
from urllib.parse import urlencode

from pipelines.sandbox.api.envelopes import ApiError
from pipelines.sandbox.api.variants.exchange import Exchange, Hook, Variant, answered, asked

CAPPED_LIMIT = 20
SMALL_LIMIT = 50
_ELSEWHERE = "https://elsewhere.example/v2"
_TURN = "turn-"


def _cursor(exchange: Exchange) -> str | None:
    """The field with the next cursor, where there is a next page."""
    shown = exchange.cursor_list
    return shown.cursor[1] if shown and exchange.body.get(shown.cursor[1]) else None


def _takes_turns(path: str) -> Hook:
    """Number the requests for a list by its cursor, and always ask for the first page."""

    def asked(exchange: Exchange) -> None:
        if exchange.path == path:
            turn = exchange.query.pop("next", _TURN + "0").removeprefix(_TURN)
            if not turn.isdecimal():
                raise ApiError(400, "validation_failed", f"{turn!r} is no cursor")
            exchange.turn = int(turn)

    return asked


def _without_end(path: str, change: Callable[[Exchange], None], about: str) -> Variant:
    def answered(exchange: Exchange) -> None:
        if exchange.path == path:
            change(exchange)
            exchange.body |= {"has_more": True, "next": f"{_TURN}{exchange.turn + 1}"}

    return Variant(about, asked=_takes_turns(path), answered=answered)


def _same(_: Exchange) -> None:
    """The page stays as it is."""


def _empty(exchange: Exchange) -> None:
    if exchange.turn:
        exchange.body["data"] = []


def _half(exchange: Exchange) -> None:
    middle = (len(exchange.data) + 1) // 2
    is_first = exchange.turn % 2 == 0
    exchange.body["data"] = exchange.data[:middle] if is_first else exchange.data[middle:]


def _cursor_in(name: str) -> Variant:
    def asked(exchange: Exchange) -> None:
        if exchange.cursor_list:
            cursor = exchange.query.pop(name, None)
            own = exchange.cursor_list.cursor[0]
            exchange.query.pop(own, None)
            exchange.query |= {own: cursor} if cursor else {}

    return Variant(f"every list reads its cursor from `{name}` alone", asked=asked)


def _next_is_url(base: str | None, about: str) -> Variant:
    def answered(exchange: Exchange) -> None:
        if (name := _cursor(exchange)) and exchange.cursor_list:
            asks = exchange.cursor_list.cursor[0]
            query = urlencode(exchange.asked | {asks: exchange.body[name]})
            exchange.body[name] = f"{base or exchange.base}{exchange.path}?{query}"

    return Variant(about, answered=answered)


@asked(f"a limit above {SMALL_LIMIT} is refused with 400")
def limit_50(exchange: Exchange) -> None:
    limit = exchange.query.get("limit", "")
    if limit.isdecimal() and int(limit) > SMALL_LIMIT:
        raise ApiError(400, "validation_failed", f"limit must not be above {SMALL_LIMIT}")


def _cap(exchange: Exchange) -> None:
    if exchange.shown and exchange.shown.paging == "number":
        limit = exchange.query.get("limit", str(CAPPED_LIMIT))
        if limit.isdecimal() and int(limit) > CAPPED_LIMIT:
            exchange.query["limit"] = str(CAPPED_LIMIT)


def _hide_limit(exchange: Exchange) -> None:
    if exchange.shown and exchange.shown.paging == "number":
        exchange.body.pop("limit")


@answered("the total of numbered pages (CFDI errors) counts what is left from the page on")
def shrinking_total(exchange: Exchange) -> None:
    if exchange.shown and exchange.shown.paging == "number":
        before = (exchange.body["page"] - 1) * exchange.body["limit"]
        exchange.body["total"] = max(exchange.body["total"] - before, 0)


def _find_cursor(exchange: Exchange) -> None:
    shown = exchange.cursor_list
    number = exchange.query.get(shown.cursor[0], "") if shown else ""
    if shown and number.isdecimal() and int(number) <= len(exchange.memory.cursors):
        exchange.query[shown.cursor[0]] = exchange.memory.cursors[int(number) - 1]


def _odd_types(exchange: Exchange) -> None:
    body, shown = exchange.body, exchange.shown
    if not shown:
        return
    for name in ("total", "total_results", "total_count", "limit"):
        if body.get(name) is not None:
            body[name] = str(body[name])
    if shown.paging == "cursor":
        answers = shown.cursor[1]
        if cursor := body.get(answers):
            exchange.memory.cursors.append(cursor)
        body[answers] = len(exchange.memory.cursors) if cursor else False
        body["has_more"] = int(body["has_more"])


VARIANTS = {
    "endless-repeat": _without_end(
        "/services", _same, "/services answers its first page for ever, with new cursors"
    ),
    "endless-empty": _without_end(
        "/payments", _empty, "/payments has empty pages without end after its first"
    ),
    "two-pages-in-turn": _without_end(
        "/clients", _half, "/clients answers the same two pages in turn, with new cursors"
    ),
    "shrinking-total": shrinking_total,
    "capped-pages": Variant(
        f"numbered pages (CFDI errors) have at most {CAPPED_LIMIT} rows, and name no limit",
        asked=_cap,
        answered=_hide_limit,
    ),
    "limit-50": limit_50,
    "next-is-url": _next_is_url(None, "`next` is the full URL of the next page"),
    "next-is-foreign-url": _next_is_url(_ELSEWHERE, "`next` is a URL on another host"),
    "odd-types": Variant(
        "totals and limit are text, `has_more` is 0 or 1, `next` a number, at the end false",
        asked=_find_cursor,
        answered=_odd_types,
    ),
    "cursor-in-starting-after": _cursor_in("starting_after"),
    "cursor-in-page-token": _cursor_in("page_token"),
}
