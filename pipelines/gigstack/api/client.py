"""HTTP for the gigstack API v2: asks, retries what is worth it, and turns answers into envelopes.

Only GET. Both error envelopes, `success: false` with status 200, bodies that are no JSON and
redirects are told apart here, so that nobody above needs to look at HTTP.
API: https://docs.gigstack.io
"""

import re
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from importlib.metadata import version
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

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
from pipelines.gigstack.settings import Settings

ATTEMPTS = 6
MAX_WAIT_SECONDS = 30.0  # seconds, also for what Retry-After asks
TRANSIENT_CODES = {
    "rate_limit_exceeded",
    "service_unavailable",
    "internal_server_error",
    "external_service_error",
    "database_error",
}
# half of a character, as JavaScript writes a text that was cut within an emoji
_LONE_SURROGATE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


class Envelope(msgspec.Struct):
    """What surrounds every answer. `data` stays text: it is for `normalize`."""

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
    """What a stream cost: requests that were sent, and how many of them were repeats."""

    requests: int = 0
    retries: int = 0
    resumed: int = 0  # answers that a run which died had already been given


_decoder = msgspec.json.Decoder(Envelope)
_backoff = wait_random_exponential(multiplier=0.25, max=MAX_WAIT_SECONDS)


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = getattr(error, "retry_after", None)
    return min(asked, MAX_WAIT_SECONDS) if asked is not None else _backoff(state)


class GigstackClient:
    """Asks the API within a budget, over httpx transports that each have one connection.

    A pool of many looks at every connection on every request, which at 16 of them takes longer
    than all the rest of a request; what an httpx client adds to its transport (cookies, redirects,
    merged defaults) is not wanted here and takes a third of the rest.
    """

    def __init__(
        self,
        settings: Settings,
        idle: list[httpx.AsyncHTTPTransport],
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
        self._idle = idle
        self._rate_limiter = rate_limiter
        self._response_log = response_log
        self.clock_skew: float | None = None  # seconds the API's clock is ahead, at first answer

    async def get(
        self,
        path: str,
        params: Mapping[str, str | int],
        request_stats: RequestStats,
        origin: Origin | None = None,
    ) -> Envelope:
        """One answer. With an `origin` it is journalled, and not asked for where it already was.

        Errors: AuthenticationError, UnavailableError, RedirectRefusedError, ApiError at once;
        TransientError after the last of `ATTEMPTS`.
        """
        request = f"{path}?{urlencode(sorted(params.items()))}"
        if origin and self._response_log and (body := self._response_log.find(request)) is not None:
            request_stats.resumed += 1
            return read_envelope(body)
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(TransientError),
            stop=stop_after_attempt(ATTEMPTS),
            wait=_wait,
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                request_stats.requests += 1
                request_stats.retries += attempt.retry_state.attempt_number > 1
                envelope, body = await self._ask(path, params)
                if origin and self._response_log:
                    self._response_log.keep(request, origin, body)
                return envelope
        raise AssertionError("tenacity always answers or raises")

    async def _ask(self, path: str, params: Mapping[str, str | int]) -> tuple[Envelope, bytes]:
        url = f"{self._base_url}{quote(path)}?{urlencode(params)}".rstrip("?")
        request = httpx.Request("GET", url, headers=self._headers, extensions=self._extensions)
        async with self._rate_limiter.request() as cuts:
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
        if self.clock_skew is None:
            self.clock_skew = _clock_skew(response)
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            self._rate_limiter.throttled(cuts)
        envelope = _read(path, response)
        self._rate_limiter.succeeded()
        return envelope, response.content


@asynccontextmanager
async def open_client(
    settings: Settings, response_log: ResponseLog | None = None
) -> AsyncIterator[GigstackClient]:
    """A client with keep-alive and the run's whole budget; it never follows a redirect."""
    tls = _tls(urlsplit(settings.base_url).scheme)
    proxy = _proxy_for(httpx.URL(settings.base_url))
    async with AsyncExitStack() as stack:
        idle = [
            await stack.enter_async_context(
                httpx.AsyncHTTPTransport(
                    verify=tls,
                    proxy=proxy,
                    limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
                )
            )
            for _ in range(settings.max_concurrency)
        ]
        rate_limiter = RateLimiter(settings.max_concurrency, settings.requests_per_second)
        yield GigstackClient(settings, idle, rate_limiter, response_log)


@cache
def _tls(scheme: str) -> ssl.SSLContext:
    """What transports want at any rate; reading the certificates takes as long as a request."""
    is_used = scheme == "https"
    return httpx.create_ssl_context() if is_used else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _proxy_for(url: httpx.URL) -> httpx.Proxy | None:
    """The proxy that the environment names for a host (HTTPS_PROXY and so on), if any."""
    if proxy_bypass(url.host):
        return None
    proxies = getproxies()
    address = proxies.get(url.scheme) or proxies.get("all")
    return httpx.Proxy(address) if address else None


def _read(path: str, response: httpx.Response) -> Envelope:
    status = response.status_code
    envelope = _decode(response.content)
    if status == httpx.codes.OK and envelope and envelope.success is not False:
        return envelope
    code, text = _run_and_catch(envelope)
    message = f"GET {path}: {status} {code or ''} {text}".replace("  ", " ").strip()
    key = response.request.headers["Authorization"].removeprefix("Bearer ")
    message = message.replace(key, "[key]")  # an API may echo what it refuses
    if status == httpx.codes.UNAUTHORIZED:
        raise AuthenticationError(f"{message}. Check the API key.", status=status, code=code)
    if status in (403, 404, 405):
        raise UnavailableError(message, status=status, code=code)
    if response.is_redirect:
        raise RedirectRefusedError(f"GET {path}: {status}, a redirect", status=status)
    is_broken = envelope is None and status < 400  # a refusal stays one in any wording
    if status == 429 or status >= 500 or is_broken or code in TRANSIENT_CODES:
        raise TransientError(message, status=status, code=code, retry_after=_retry_after(response))
    raise ApiError(message, status=status, code=code)


def read_envelope(body: bytes) -> Envelope:
    """The envelope of a body that was answered with success.

    Errors: ApiError when it is none.
    """
    envelope = _decode(body)
    if envelope is None:
        raise ApiError("a journalled answer is not JSON")
    return envelope


def _decode(body: bytes) -> Envelope | None:
    try:
        body.decode()
    except UnicodeDecodeError:  # `data` is not looked into here, and must not fail later
        body = body.decode(errors="replace").encode()
    with suppress(msgspec.DecodeError):
        return _decoder.decode(body)
    with suppress(msgspec.DecodeError):
        return _decoder.decode(_LONE_SURROGATE.sub(rb"\\ufffd", body))
    return None


def _run_and_catch(envelope: Envelope | None) -> tuple[str | None, str]:
    """Code and text of either error envelope: `error` is an object, a code or a sentence."""
    if envelope is None:
        return None, "the body is not JSON"
    if isinstance(envelope.error, dict):
        error = envelope.error
        details = error.get("details")
        text = "; ".join(map(str, details)) if isinstance(details, list) else details
        return _text(error.get("code")), " ".join(
            str(part) for part in (error.get("message"), text) if part
        )
    return _text(envelope.error), str(envelope.message or "")


def _text(code: Any) -> str | None:
    return None if code is None else str(code)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds; the other form of the header, a date, falls back to the back-off."""
    try:
        return max(0.0, float(response.headers.get("Retry-After", "")))
    except ValueError:
        return None


def _clock_skew(response: httpx.Response) -> float | None:
    try:
        return parsedate_to_datetime(response.headers["Date"]).timestamp() - time.time()
    except (KeyError, ValueError):
        return None
