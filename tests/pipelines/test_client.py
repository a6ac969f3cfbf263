"""What a client makes of every kind of answer: which are asked for again, which are errors."""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.requests import Request

from pipelines.foundation.errors import (
    ApiError,
    AuthenticationError,
    GigstackError,
    RedirectRefusedError,
    ThrottledError,
    TransientError,
    UnavailableError,
)
from pipelines.gigstack.api import client
from pipelines.gigstack.api.client import ATTEMPTS, RequestStats, open_client
from pipelines.gigstack.api.envelope import Envelope
from pipelines.gigstack.api.rate_limiter import (
    MIN_REQUESTS_PER_SECOND,
    SUCCESSES_TO_RECOVER,
    RateLimiter,
)
from pipelines.gigstack.settings import Settings
from tests.pipelines.loads import run
from tests.pipelines.scripted import (
    AT_ONCE,
    Answer,
    Api,
    Cut,
    Scripted,
    account_script,
    api,
    key,
    page,
    refusal,
    settings,
)

GOOD = page([{"id": "client_1"}])
HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"
NESTED: dict[str, Any] = {"success": False, "error": {"code": "service_unavailable"}}


def ask(url: str, times: int = 1, **changes: Any) -> tuple[list[Envelope], RequestStats]:
    """GET /clients, all at once."""
    return asyncio.run(_ask(settings(url, **changes), times))


async def _ask(wanted: Settings, times: int) -> tuple[list[Envelope], RequestStats]:
    request_stats = RequestStats()
    async with open_client(wanted) as client:
        answers = (client.get("/clients", {"limit": 100}, request_stats) for _ in range(times))
        return await asyncio.gather(*answers), request_stats


def ask_scripted(*answers: Answer, **changes: Any) -> tuple[Envelope, RequestStats, Api]:
    with api({"/clients": list(answers)}) as (script, url):
        (envelope,), request_stats = ask(url, **changes)
    return envelope, request_stats, script


def error_of(
    answers: Answer | Sequence[Answer], kind: type[GigstackError] = GigstackError, **changes: Any
) -> tuple[GigstackError, Api]:
    """The error that the answers end in, and what was asked until then."""
    with api({"/clients": answers}) as (script, url), pytest.raises(kind) as raised:
        ask(url, **changes)
    return raised.value, script


async def slow(_: Request) -> Scripted:
    await asyncio.sleep(0.6)
    return GOOD


WORTH_ANOTHER_TRY: dict[str, Answer] = {
    "throttled": refusal(429, "rate_limit_exceeded", "Too many requests", AT_ONCE),
    "server error": (500, AT_ONCE, {"error": "internal_server_error"}),
    "unavailable": (503, AT_ONCE, NESTED),
    "HTML of a gateway": (502, AT_ONCE | {"content-type": "text/html"}, HTML),
    "truncated JSON": (200, AT_ONCE, '{"data":[{"id":"client_1"},{"id":'),
    "empty body": (200, AT_ONCE, ""),
    "cut connection": lambda _: Cut(),
    "time-out": slow,
    "success false": (200, AT_ONCE, NESTED),
    "database error": (200, AT_ONCE, {"success": False, "error": {"code": "database_error"}}),
}


@pytest.mark.parametrize("answer", WORTH_ANOTHER_TRY.values(), ids=WORTH_ANOTHER_TRY)
def test_a_passing_failure_is_asked_for_again(answer: Answer) -> None:
    envelope, request_stats, script = ask_scripted(answer, GOOD, timeout_seconds=0.3)
    assert msgspec.json.decode(bytes(envelope.data)) == [{"id": "client_1"}]
    assert (request_stats.requests, request_stats.retries) == (2, 1)
    assert [asked.query for asked in script.asked] == [{"limit": "100"}] * 2


def test_attempts_are_bounded_and_the_last_error_is_told() -> None:
    error, script = error_of((500, AT_ONCE, {"error": "internal_server_error"}), TransientError)
    assert len(script.asked) == ATTEMPTS == 6
    assert str(error) == "GET /clients: 500 internal_server_error"


def test_retry_after_is_honoured() -> None:
    started = time.monotonic()
    throttled = refusal(429, "rate_limit_exceeded", "Too many requests", {"Retry-After": "0.7"})
    _, request_stats, _ = ask_scripted(throttled, GOOD)
    assert request_stats.retries == 1
    assert 0.7 <= time.monotonic() - started < 5


@pytest.mark.parametrize("date", [format_datetime(datetime(2020, 1, 1, tzinfo=UTC)), "soon"])
def test_retry_after_may_be_a_date_or_nonsense(date: str) -> None:
    started = time.monotonic()
    throttled = refusal(429, "rate_limit_exceeded", "", {"Retry-After": date})
    _, request_stats, _ = ask_scripted(throttled, GOOD)
    assert request_stats.retries == 1
    assert time.monotonic() - started < 5


def test_retry_after_as_a_date_is_waited_for() -> None:
    admitted_at = 0.0

    def throttled(_: Request) -> Scripted:
        nonlocal admitted_at
        moment = datetime.now(UTC) + timedelta(seconds=2)
        admitted_at = int(moment.timestamp())  # a date has no fractions
        date = format_datetime(moment, usegmt=True)
        return refusal(429, "rate_limit_exceeded", "", {"Retry-After": date})

    asked_at: list[float] = []

    def good(_: Request) -> Scripted:
        asked_at.append(time.time())
        return GOOD

    ask_scripted(throttled, good)
    assert asked_at[0] >= admitted_at - 0.1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ApiError),
        (401, AuthenticationError),
        (403, UnavailableError),
        (404, UnavailableError),
        (405, UnavailableError),
        (409, ApiError),
        (422, ApiError),
    ],
)
@pytest.mark.parametrize(
    "body", [{"error": "some text"}, NESTED, HTML], ids=["flat", "nested", "HTML"]
)
def test_a_refusal_is_never_asked_for_again(
    status: int, kind: type[ApiError], body: dict[str, Any] | str
) -> None:
    if body == NESTED:
        body = {"success": False, "error": {"code": "validation_failed", "message": "no"}}
    error, script = error_of((status, AT_ONCE, body), kind)
    assert len(script.asked) == 1
    assert type(error) is kind
    assert isinstance(error, ApiError)
    assert error.status == status


def test_success_false_with_a_lasting_code_is_an_error_at_once() -> None:
    body = {"success": False, "error": {"code": "business_rule_violation", "message": "No"}}
    error, script = error_of((200, AT_ONCE, body), ApiError)
    assert len(script.asked) == 1
    assert "business_rule_violation" in str(error)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"message": "limit is 101", "error": "validation_failed"},
            "GET /clients: 400 validation_failed limit is 101",
        ),
        ({"error": "some text"}, "GET /clients: 400 some text"),
        (
            {"success": False, "error": {"code": "c", "message": "m", "details": "limit is 101"}},
            "GET /clients: 400 c m limit is 101",
        ),
        (
            {"success": False, "error": {"code": "c", "message": "m", "details": ["one", "two"]}},
            "GET /clients: 400 c m one; two",
        ),
    ],
    ids=["flat", "text", "nested, details as text", "nested, details as list"],
)
def test_both_error_envelopes_reach_the_message(body: dict[str, Any], message: str) -> None:
    error, _ = error_of((400, {}, body), ApiError)
    assert str(error) == message


@pytest.mark.parametrize(
    "error_field",
    [["one", "two"], {"code": ["a"], "message": {"es": "no"}}, 7, None],
    ids=["list", "nested list", "number", "null"],
)
def test_an_error_envelope_of_any_shape_is_still_an_error_of_ours(error_field: Any) -> None:
    error, _ = error_of((400, {}, {"success": False, "error": error_field}), ApiError)
    assert str(error).startswith("GET /clients: 400")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_refused_and_the_key_goes_nowhere_else(status: int) -> None:
    with api({"/clients": GOOD}) as (elsewhere, other_url):
        moved = (status, {"Location": f"{other_url}/clients"}, "")
        error, script = error_of(moved, RedirectRefusedError)
    assert elsewhere.asked == []
    assert len(script.asked) == 1
    assert str(error) == f"GET /clients: {status}, a redirect"


def test_the_key_is_sent_as_a_bearer_token() -> None:
    _, _, script = ask_scripted(GOOD)
    assert script.asked[0].headers["authorization"] == f"Bearer {key()}"


def test_settings_never_show_the_key() -> None:
    wanted = settings("http://127.0.0.1")
    assert key() not in repr(wanted) + str(wanted)


def echoed(request: Request) -> Scripted:
    return 400, {}, {"error": "invalid_token", "message": request.headers["authorization"]}


REFUSED = refusal(401, "unauthorized", "Invalid or missing API key")
WITH_THE_KEY_IN_PLAY: dict[str, list[Answer]] = {
    "refused": [REFUSED],
    "echoed by the API": [echoed],
    "redirect": [(302, {"Location": "https://elsewhere.example/v2"}, "")],
    "cut connection": [lambda _: Cut(), REFUSED],
    "time-out": [slow, REFUSED],
    "HTML of a gateway": [(502, AT_ONCE, HTML)],
}


@pytest.mark.parametrize("answers", WITH_THE_KEY_IN_PLAY.values(), ids=WITH_THE_KEY_IN_PLAY)
def test_the_key_is_in_no_error_and_no_log(
    answers: list[Answer], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        error, script = error_of(answers, ApiError, timeout_seconds=0.3)
    assert script.asked[0].headers["authorization"].endswith(key())
    assert caplog.records, "nothing was logged at all"
    assert key() not in str(error) + repr(error) + caplog.text


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\t", "ñ", "\x7f"])
def test_a_key_that_no_header_can_carry_is_not_shown_either(ending: str) -> None:
    """As a file read with its line's end would give it."""
    with api({"/clients": GOOD}) as (_, url):
        try:
            ask(url, api_key=key() + ending)
        except Exception as error:
            told = str(error) + repr(error) + repr(error.__cause__)
            assert key() not in told
            assert isinstance(error, GigstackError)


def test_half_a_character_is_repaired_and_a_whole_one_kept() -> None:
    body = '{"data":[{"id":"1","name":"a\\ud83d"},{"id":"2","name":"\\ude00b \\ud83d\\ude00 ñ"}]}'
    envelope, request_stats, _ = ask_scripted((200, {}, body))
    assert request_stats.requests == 1
    assert msgspec.json.decode(bytes(envelope.data)) == [
        {"id": "1", "name": "a\ufffd"},
        {"id": "2", "name": "\ufffdb 😀 ñ"},
    ]


def test_connections_are_kept_and_no_more_than_the_budget_allows() -> None:
    async def quick(_: Request) -> Scripted:
        await asyncio.sleep(0.02)
        return GOOD

    with api({"/clients": quick}) as (script, url):
        answers, request_stats = ask(url, times=30, max_concurrency=3)
    assert (len(answers), request_stats.requests) == (30, 30)
    assert len({asked.peer for asked in script.asked}) == 3


def test_a_request_that_is_cancelled_at_any_moment_leaves_a_connection_for_the_next() -> None:
    """The pool would hold it for ever, and fail every list that is read over it later."""

    async def cancelled(url: str) -> int:
        stats = RequestStats()
        async with open_client(settings(url, max_concurrency=1, timeout_seconds=2)) as client:
            for steps in range(60):
                task = asyncio.create_task(client.get("/clients", {"limit": 100}, stats))
                for _ in range(steps):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.wait([task])
                await client.get("/clients", {"limit": 100}, stats)
        return stats.retries

    with api({"/clients": GOOD}) as (_, url):
        assert asyncio.run(cancelled(url)) == 0


def test_no_more_requests_are_in_flight_than_allowed() -> None:
    now = most = 0

    async def counting(_: Request) -> Scripted:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.03)
        now -= 1
        return GOOD

    with api({"/clients": counting}) as (_, url):
        ask(url, times=20, max_concurrency=4)
    assert most == 4


def test_requests_per_second_are_kept() -> None:
    arrivals: list[float] = []

    def timed(_: Request) -> Scripted:
        arrivals.append(time.monotonic())
        return GOOD

    with api({"/clients": timed}) as (_, url):
        ask(url, times=30, requests_per_second=40, max_concurrency=30)
    assert len(arrivals) == 30
    assert arrivals[-1] - arrivals[0] >= (30 - 4) / 40 * 0.9  # but for a burst of a tenth second
    half_a_second = [sum(first <= at < first + 0.5 for at in arrivals) for first in arrivals]
    assert max(half_a_second) <= 40 * 0.5 + 4 + 1


def test_throttling_halves_the_rate_down_to_a_floor() -> None:
    budget = RateLimiter(8, 10)
    rates = []
    for _ in range(6):
        budget.throttled(budget.cuts)
        rates.append(budget.rate)
    assert rates == [5, 2.5, 1.25, 0.625, MIN_REQUESTS_PER_SECOND, MIN_REQUESTS_PER_SECOND]


def test_successes_bring_the_rate_back_to_where_it_was_and_no_higher() -> None:
    budget = RateLimiter(8, 10)
    budget.throttled(budget.cuts)
    rates = []
    for _ in range(5):
        for _ in range(SUCCESSES_TO_RECOVER):
            budget.succeeded()
        rates.append(budget.rate)
    assert rates == [6.25, 7.8125, 9.765625, 10, 10]


def test_throttling_ends_a_run_of_successes() -> None:
    budget = RateLimiter(8, 10)
    budget.throttled(budget.cuts)
    for _ in range(SUCCESSES_TO_RECOVER - 1):
        budget.succeeded()
    budget.throttled(budget.cuts)
    budget.succeeded()
    assert budget.rate == 2.5


def test_a_client_that_is_throttled_lowers_its_rate() -> None:
    async def rate_after() -> float:
        async with open_client(settings(url, requests_per_second=100)) as client:
            await client.get("/clients", {}, RequestStats())
            return client._rate_limiter.rate

    throttled = refusal(429, "rate_limit_exceeded", "Too many requests", AT_ONCE)
    with api({"/clients": [throttled, GOOD]}) as (_, url):
        assert asyncio.run(rate_after()) == 50


def test_being_throttled_is_waited_for_and_no_failed_attempt() -> None:
    throttled = refusal(429, "rate_limit_exceeded", "Too many requests", AT_ONCE)
    _, request_stats, script = ask_scripted(*[throttled] * (ATTEMPTS + 4), GOOD)
    assert request_stats.retries == ATTEMPTS + 4
    assert len(script.asked) == ATTEMPTS + 5


def test_an_api_that_admits_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_THROTTLED_SECONDS", 4.0)
    started = time.monotonic()
    throttled = refusal(429, "rate_limit_exceeded", "Too many requests", {"Retry-After": "0.2"})
    error, script = error_of(throttled, ThrottledError)
    assert 4 <= time.monotonic() - started < 30
    assert len(script.asked) > 1
    assert str(error) == "GET /clients: 429 rate_limit_exceeded Too many requests"


@pytest.mark.parametrize("prefix", ["X-RateLimit", "RateLimit", "X-Rate-Limit"])
@pytest.mark.parametrize("is_moment", [True, False], ids=["a moment", "seconds"])
def test_a_limit_that_is_announced_is_heeded_before_it_is_reached(
    prefix: str, is_moment: bool
) -> None:
    admitted_at: list[float] = []
    asked_at: list[float] = []

    def last(_: Request) -> Scripted:
        admitted_at.append(time.time() + 1)
        reset = str(admitted_at[0]) if is_moment else "1"
        return 200, {f"{prefix}-Remaining": "0", f"{prefix}-Reset": reset}, GOOD[2]

    def good(_: Request) -> Scripted:
        asked_at.append(time.time())
        return GOOD

    async def ask_twice(url: str) -> None:
        async with open_client(settings(url)) as opened:
            await opened.get("/clients", {}, RequestStats())
            await opened.get("/clients", {}, RequestStats())

    with api({"/clients": [last, good]}) as (script, url):
        asyncio.run(ask_twice(url))
    assert asked_at[0] >= admitted_at[0] - 0.1
    assert len(script.asked) == 2, "nothing was refused"


def test_a_page_size_that_is_refused_is_stepped_down_and_remembered(tmp_path: Path) -> None:
    def at_most_25(request: Request) -> Scripted:
        if int(request.query_params["limit"]) > 25:
            return refusal(400, "validation_failed", "limit must be at most 25")
        return page([{"id": "client_1"}], has_more=False)

    with api(account_script({"/clients": at_most_25})) as (script, url):
        result = run(settings(url, documents=()), tmp_path / "data", "clients")
        again = run(settings(url, documents=()), tmp_path / "data", "clients")
    assert (result.status, again.status) == ("ok", "ok")
    assert [asked.query["limit"] for asked in script.requests("/clients")] == [
        *("100", "50", "25"),
        *("100", "50", "25"),
    ]
