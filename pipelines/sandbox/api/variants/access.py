"""Other keys, teams and refusals, and how often one may ask."""

import time
from collections.abc import Callable
from email.utils import formatdate

from pipelines.sandbox.api.auth import key_for
from pipelines.sandbox.api.envelopes import ApiError
from pipelines.sandbox.api.variants.exchange import Exchange, Variant, answered, asked
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import decode

IGNORING_TEAM = ("/clients", "/receipts")


def key_with(account: Account, names: tuple[str, ...], team: str | None = None) -> str:
    """The key that goes with these variants."""
    return key_for(
        account,
        team,
        livemode="test-mode" not in names,
        claim="sub" if "other-claim-key" in names else "team",
        is_opaque="opaque-key" in names,
    )


def _unauthorized() -> ApiError:
    return ApiError(401, "unauthorized", "Invalid or missing API key", is_flat=True)


def _refused(path: str, error: Callable[[], ApiError], about: str) -> Variant:
    def asked(exchange: Exchange) -> None:
        if exchange.path == path:
            raise error()

    return Variant(f"{path} answers {about}", asked=asked)


@asked(f"{' and '.join(IGNORING_TEAM)} answer with the key's own team whatever `team` asks for")
def ignored_team(exchange: Exchange) -> None:
    if exchange.path in IGNORING_TEAM:
        exchange.query.pop("team", None)


@asked("/teams/{id} of the key's own team is 404, and /teams leaves that team out as always")
def own_team_missing(exchange: Exchange) -> None:
    if exchange.path == f"/teams/{_own_team(exchange)}":
        raise ApiError(404, "resource_not_found", "No such team")


@answered("/teams has the key's own team too, on its first page")
def own_team_listed(exchange: Exchange) -> None:
    if exchange.path == "/teams" and "next" not in exchange.asked:
        place = positions.place_of(_own_team(exchange))
        body = exchange.account.store.body(place) if place is not None else None
        exchange.data.insert(0, decode(body or b"null"))


def _own_team(exchange: Exchange) -> str:
    return exchange.account.teams[exchange.auth.own_team(exchange.authorization)]


@asked("401 for the account's last team")
def team_401(exchange: Exchange) -> None:
    if exchange.team == len(exchange.account.teams) - 1:
        raise _unauthorized()


@asked("401 for the documents of the oldest client of each team")
def documents_401(exchange: Exchange) -> None:
    if exchange.segments[0] == "clients" and exchange.segments[-1] == "support-documents":
        window = positions.partition(exchange.team, "clients")
        end = positions.at_second(exchange.team, "clients", 1 << positions.SECOND_BITS)
        oldest = exchange.account.store.page(window, end, 1, ascending=True)
        if oldest and oldest[0][0] == positions.place_of(exchange.segments[1]):
            raise _unauthorized()


@asked("/payments answers 401 to the first request, and never again")
def once_401(exchange: Exchange) -> None:
    if exchange.path == "/payments":
        exchange.memory.counts["once-401"] += 1
        if exchange.memory.counts["once-401"] == 1:
            raise _unauthorized()


def _throttle(exchange: Exchange, headers: Callable[[float], dict[str, str]]) -> None:
    """Accept so many requests within the window. `headers` of a refusal know the seconds left."""
    limit, window = exchange.memory.throttle
    accepted, now = exchange.memory.accepted, time.monotonic()
    while accepted and accepted[0] <= now - window:
        accepted.popleft()
    if len(accepted) >= limit:
        exchange.headers |= headers(accepted[0] + window - now)
        raise ApiError(429, "rate_limit_exceeded", "Too many requests", is_flat=True)
    accepted.append(now)


@asked("more than 100 requests within a minute are refused with 429, without Retry-After")
def throttle_hard(exchange: Exchange) -> None:
    _throttle(exchange, lambda _: {})


@asked("as throttle-hard, with Retry-After as an HTTP date")
def retry_after_date(exchange: Exchange) -> None:
    _throttle(
        exchange,
        lambda left: {"retry-after": formatdate(time.time() + left + 1, usegmt=True)},
    )


@asked("as throttle-hard; every answer has X-RateLimit-Limit, -Remaining and -Reset (epoch second)")
def throttle_announced(exchange: Exchange) -> None:
    limit, window = exchange.memory.throttle
    exchange.headers |= _announced(limit, 0, window)
    _throttle(exchange, lambda left: _announced(limit, 0, left))
    accepted = exchange.memory.accepted
    left = accepted[0] + window - time.monotonic()
    exchange.headers |= _announced(limit, limit - len(accepted), left)


def _announced(limit: int, remaining: int, left: float) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(int(time.time() + left) + 1),
    }


VARIANTS = {
    "ignored-team": ignored_team,
    "own-team-missing": own_team_missing,
    "own-team-listed": own_team_listed,
    "opaque-key": Variant("the key is opaque: it says neither team nor mode"),
    "other-claim-key": Variant("the key says its team in the claim `sub`, not in `team`"),
    "list-gone": _refused(
        "/retentions", lambda: ApiError(404, "resource_not_found", "Cannot GET /retentions"), "404"
    ),
    "list-forbidden": _refused(
        "/receipts", lambda: ApiError(403, "insufficient_permissions", "No access"), "403"
    ),
    "list-401": _refused("/payments", _unauthorized, "401"),
    "team-401": team_401,
    "documents-401": documents_401,
    "once-401": once_401,
    "throttle-hard": throttle_hard,
    "throttle-announced": throttle_announced,
    "retry-after-date": retry_after_date,
}
