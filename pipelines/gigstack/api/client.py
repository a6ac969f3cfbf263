"""The HTTP client of the gigstack API v2: sends, retries, and returns the envelope of an answer.

It only sends GET. It recognizes both error envelopes, `success: false` with status 200, bodies that
are not JSON, and redirects, and raises the matching error; no other module deals with HTTP.
API: https://docs.gigstack.io
"""

import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from pipelines.foundation.errors import (
    ApiError,
    AuthenticationError,
    RedirectRefusedError,
    TransientError,
    UnavailableError,
)
from pipelines.gigstack.api.rate_limiter import RateLimiter
from pipelines.gigstack.api.response_log import Origin, ResponseLog
from pipelines.gigstack.api.transports import open_transports
from pipelines.gigstack.settings import Settings

ATTEMPTS = 6
MAX_WAIT_SECONDS = 30.0  # a longer Retry-After is cut to this
TRANSIENT_CODES = {
    "rate_limit_exceeded",
    "service_unavailable",
    "internal_server_error",
    "external_service_error",
    "database_error",
}
# half a character: what JavaScript writes when it cuts a text inside an emoji
_LONE_SURROGATE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


class Envelope(msgspec.Struct):
    """The outer object of every answer. `data` stays JSON text for the normalizer."""

    data: msgspec.Raw = msgspec.Raw(b"null")
    success: bool | None = None
    error: Any = None
    message: Any = None
    next: str | None = None
    next_cursor: str | None = None
    has_more: bool | None = None
    total_results: int | None = None
    total_count: int | None = None
    total: int | None = None
    limit: int | None = None


@dataclass
class RequestStats:
    """What reading a resource cost: all requests sent, and how many of them were retries."""

    requests: int = 0
    retries: int = 0
    resumed: int = 0  # answers taken from the response log of an interrupted run

    def count_attempt(self, state: RetryCallState) -> None:
        """Count a request that is about to be sent."""
        self.requests += 1
        self.retries += state.attempt_number > 1


_decoder = msgspec.json.Decoder(Envelope)
_backoff = wait_random_exponential(multiplier=0.25, max=MAX_WAIT_SECONDS)


def _wait_seconds(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    retry_after = getattr(error, "retry_after", None)
    return min(retry_after, MAX_WAIT_SECONDS) if retry_after is not None else _backoff(state)


class GigstackClient:
    """Sends requests within the rate limit, over httpx transports of one connection each.

    A pool of many connections checks every one of them on every request; with 16, that takes longer
    than the rest of the request. What an httpx client adds to its transport (cookies, redirects,
    merged defaults) is not needed here and takes a third of the remaining time.
    """

    def __init__(
        self,
        settings: Settings,
        transports: list[httpx.AsyncHTTPTransport],
        rate_limiter: RateLimiter,
        response_log: ResponseLog | None = None,
    ) -> None:
        self._base_url = settings.base_url
        self._headers = {
            "Authorization": f"Bearer {settings.api_key}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": f"gigstack-etl/{version('gigstack-etl')}",
        }
        self._extensions = {"timeout": httpx.Timeout(settings.timeout_seconds).as_dict()}
        self._idle = transports
        self._rate_limiter = rate_limiter
        self._response_log = response_log
        # seconds that the API's clock is ahead, at the first answer
        self.clock_skew: float | None = None

    async def get(
        self,
        path: str,
        params: Mapping[str, str | int],
        request_stats: RequestStats,
        origin: Origin | None = None,
    ) -> Envelope:
        """The envelope of one answer. `path` is quoted already (`fill_path`).

        With an `origin`, the answer goes to the response log, and one that is there already is not
        requested again.

        Raises:
            AuthenticationError, UnavailableError, RedirectRefusedError, ApiError: At once.
            TransientError: After the last of `ATTEMPTS`.
        """
        request = f"{path}?{urlencode(sorted(params.items()))}"
        if origin and self._response_log and (body := self._response_log.find(request)) is not None:
            request_stats.resumed += 1
            return read_envelope(body)
        envelope, content = await self._send_with_retries(path, params, request_stats)
        if origin and self._response_log:
            self._response_log.append(request, origin, content)
        return envelope

    async def _send_with_retries(
        self, path: str, params: Mapping[str, str | int], request_stats: RequestStats
    ) -> tuple[Envelope, bytes]:
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(TransientError),
            stop=stop_after_attempt(ATTEMPTS),
            wait=_wait_seconds,
            before=request_stats.count_attempt,
            reraise=True,
        )
        answer: tuple[Envelope, bytes] = await retrying(self._send, path, params)
        return answer

    async def _send(self, path: str, params: Mapping[str, str | int]) -> tuple[Envelope, bytes]:
        async with self._rate_limiter.request() as cuts:
            response = await self._request(path, params)
        if self.clock_skew is None:
            self.clock_skew = _clock_skew(response)
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            self._rate_limiter.throttled(cuts)
        envelope = _parse_response(path, response)
        self._rate_limiter.succeeded()
        return envelope, response.content

    async def _request(self, path: str, params: Mapping[str, str | int]) -> httpx.Response:
        """The whole response, over an idle transport."""
        url = f"{self._base_url}{path}?{urlencode(params)}".rstrip("?")
        request = httpx.Request("GET", url, headers=self._headers, extensions=self._extensions)
        transport = self._idle.pop()
        try:
            response = await transport.handle_async_request(request)
            response.request = request
            await response.aread()
        except (httpx.TransportError, httpx.DecodingError) as error:
            reason = str(error) or type(error).__name__
            message = f"GET {path}: no answer from {self._base_url} ({reason})"
            raise TransientError(message) from error
        finally:
            self._idle.append(transport)
        return response


@asynccontextmanager
async def open_client(
    settings: Settings, response_log: ResponseLog | None = None
) -> AsyncIterator[GigstackClient]:
    """A client with keep-alive connections and a rate limit for the whole run."""
    rate_limiter = RateLimiter(settings.max_concurrency, settings.requests_per_second)
    async with open_transports(settings.base_url, settings.max_concurrency) as transports:
        yield GigstackClient(settings, transports, rate_limiter, response_log)


def _parse_response(path: str, response: httpx.Response) -> Envelope:
    envelope = _decode(response.content)
    is_ok = response.status_code == httpx.codes.OK
    if is_ok and envelope and envelope.success is not False:
        return envelope
    raise _error_of(path, response, envelope)


def _error_of(path: str, response: httpx.Response, envelope: Envelope | None) -> ApiError:
    """The error that matches a response: its class says whether a retry can help."""
    status = response.status_code
    code, text = _error_details(envelope)
    message = f"GET {path}: {status} {code or ''} {text}".replace("  ", " ").strip()
    key = response.request.headers["Authorization"].removeprefix("Bearer ")
    message = message.replace(key, "[key]")  # an API may repeat the key that it refuses
    if status == httpx.codes.UNAUTHORIZED:
        return AuthenticationError(f"{message}. Check the API key.", status=status, code=code)
    if status in (403, 404, 405):
        return UnavailableError(message, status=status, code=code)
    if response.is_redirect:
        return RedirectRefusedError(f"GET {path}: {status}, a redirect", status=status)
    is_broken = envelope is None and status < 400  # a 4xx stays a refusal whatever its body
    if status == 429 or status >= 500 or is_broken or code in TRANSIENT_CODES:
        retry_after = _retry_after(response)
        return TransientError(message, status=status, code=code, retry_after=retry_after)
    return ApiError(message, status=status, code=code)


def read_envelope(body: bytes) -> Envelope:
    """The envelope of a body from the response log.

    Raises:
        ApiError: The body is not JSON.
    """
    envelope = _decode(body)
    if envelope is None:
        raise ApiError("an answer in the response log is not JSON")
    return envelope


def _decode(body: bytes) -> Envelope | None:
    try:
        body.decode()
    except UnicodeDecodeError:  # the decoder skips `data`, which would fail later
        body = body.decode(errors="replace").encode()
    with suppress(msgspec.DecodeError):
        return _decoder.decode(body)
    with suppress(msgspec.DecodeError):
        return _decoder.decode(_LONE_SURROGATE.sub(rb"\\ufffd", body))
    return None


def _error_details(envelope: Envelope | None) -> tuple[str | None, str]:
    """Code and text of either error envelope: `error` is an object, a code or a sentence."""
    if envelope is None:
        return None, "the body is not JSON"
    if isinstance(envelope.error, dict):
        error = envelope.error
        details = error.get("details")
        text = "; ".join(map(str, details)) if isinstance(details, list) else details
        return _code_text(error.get("code")), " ".join(
            str(part) for part in (error.get("message"), text) if part
        )
    return _code_text(envelope.error), str(envelope.message or "")


def _code_text(code: Any) -> str | None:
    return None if code is None else str(code)


def _retry_after(response: httpx.Response) -> float | None:
    """The header's seconds; None for its other form, a date, which leaves the wait to back-off."""
    try:
        return max(0.0, float(response.headers.get("Retry-After", "")))
    except ValueError:
        return None


def _clock_skew(response: httpx.Response) -> float | None:
    try:
        return parsedate_to_datetime(response.headers["Date"]).timestamp() - time.time()
    except (KeyError, ValueError):
        return None
