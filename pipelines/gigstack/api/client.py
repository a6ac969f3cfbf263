"""The HTTP client of the gigstack API v2: sends, retries, and returns the envelope of an answer.

It only sends GET. It recognizes both error envelopes, `success: false` with status 200, bodies that
are not JSON, and redirects, and raises the matching error. An answer has a deadline and a largest
size, and never holds the API key. API: https://docs.gigstack.io
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import urlencode

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from pipelines.foundation.errors import ApiError, ThrottledError, TransientError
from pipelines.gigstack.api.envelope import Envelope
from pipelines.gigstack.api.findings import Findings
from pipelines.gigstack.api.rate_limiter import RateLimiter
from pipelines.gigstack.api.response_log import Origin, ResponseLog
from pipelines.gigstack.api.responses import (
    Answer,
    Redactor,
    announced_wait,
    clock_skew,
    parse_answer,
    parse_body,
)
from pipelines.gigstack.api.transports import open_transports
from pipelines.gigstack.settings import Settings

ATTEMPTS = 6
MAX_WAIT_SECONDS = 30.0  # a longer Retry-After is cut to this
MAX_THROTTLED_SECONDS = 3600.0  # an API that admits nothing for so long will not in this run
ENCODINGS = ("", "identity", "gzip", "deflate")
MAX_BYTES = 32 * 1024 * 1024  # of one answer, decompressed: a page has some 200 KB
DEADLINE_IN_TIMEOUTS = 4  # the time-out is for each read, the deadline for the whole answer


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


_backoff = wait_random_exponential(multiplier=0.25, max=MAX_WAIT_SECONDS)


def _wait_seconds(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    retry_after = getattr(error, "retry_after", None)
    return min(retry_after, MAX_WAIT_SECONDS) if retry_after is not None else _backoff(state)


class _Patience:
    """Ends the tries for one request after so many failures. To be throttled is no failure: it
    ends them only once the API has admitted no request of the run for a long time.
    """

    def __init__(self, client: "GigstackClient", attempts: int) -> None:
        self._client = client
        self._failures_left = attempts
        self._began = time.monotonic()

    def __call__(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, ThrottledError):
            since = max(self._began, self._client.admitted_at)
            return time.monotonic() - since > MAX_THROTTLED_SECONDS
        self._failures_left -= 1
        return self._failures_left <= 0


class GigstackClient:
    """Sends requests within the rate limit, over httpx transports of one connection each.

    A pool of many connections checks every one of them on every request; with 16, that takes longer
    than the rest of the request. What an httpx client adds to its transport (cookies, redirects,
    merged defaults) is not needed here and takes a third of the remaining time.

    `answered` counts answers without an error. `findings` are what is known of this API, and what
    its readers find out in addition.
    """

    def __init__(
        self,
        settings: Settings,
        transports: list[httpx.AsyncHTTPTransport],
        rate_limiter: RateLimiter,
        response_log: ResponseLog | None = None,
        findings: Findings | None = None,
    ) -> None:
        self.base_url = settings.base_url
        self._headers = {
            "Authorization": f"Bearer {settings.api_key}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": f"gigstack-etl/{version('gigstack-etl')}",
        }
        self._deadline = settings.timeout_seconds * DEADLINE_IN_TIMEOUTS
        self._extensions = {"timeout": httpx.Timeout(settings.timeout_seconds).as_dict()}
        self._idle = transports
        self._rate_limiter = rate_limiter
        self._response_log = response_log
        self._redactor = Redactor(settings.api_key)
        # seconds that the API's clock is ahead, at the first answer
        self.clock_skew: float | None = None
        self.answered = 0
        self.admitted_at = time.monotonic()
        self.findings = findings or Findings(base_url=settings.base_url)

    async def get(
        self,
        path: str,
        params: Mapping[str, str | int],
        request_stats: RequestStats,
        origin: Origin | None = None,
        attempts: int = ATTEMPTS,
        *,
        is_again: bool = False,
    ) -> Envelope:
        """The envelope of one answer. `path` is quoted already (`fill_path`).

        With an `origin`, the answer goes to the response log, and one that is there already is not
        requested again, unless `is_again`.

        Raises:
            AuthenticationError, UnavailableError, RedirectRefusedError, ApiError: At once.
            TransientError: After the last of the attempts.
            ThrottledError: The API admits no request for `MAX_THROTTLED_SECONDS`.
        """
        request = f"{path}?{urlencode(sorted(params.items()))}"
        log = self._response_log if origin and not is_again else None
        if log and (body := log.find(request)) is not None:
            request_stats.resumed += 1
            self.answered += 1
            return read_envelope(body)
        answer = await self.get_answer(path, params, request_stats, attempts)
        if origin and self._response_log:
            self._response_log.append(request, origin, answer.content)
        return answer.envelope

    async def get_answer(
        self,
        path: str,
        params: Mapping[str, str | int],
        request_stats: RequestStats,
        attempts: int = ATTEMPTS,
    ) -> Answer:
        """One answer with its headers; it is not kept. Raises as `get` does."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(TransientError),
            stop=_Patience(self, attempts),
            wait=_wait_seconds,
            before=request_stats.count_attempt,
            reraise=True,
        )
        answer: Answer = await retrying(self._send, path, params)
        self.answered += 1
        return answer

    async def _send(self, path: str, params: Mapping[str, str | int]) -> Answer:
        async with self._rate_limiter.request() as cuts:
            response, content = await self._request(path, params)
        if self.clock_skew is None:
            self.clock_skew = clock_skew(response)
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            self._rate_limiter.throttled(cuts)
        else:
            self.admitted_at = time.monotonic()
        if wait := announced_wait(response):
            self._rate_limiter.pause(min(wait, MAX_WAIT_SECONDS))
        answer = parse_answer(path, response, self._redactor.redact(content))
        self._rate_limiter.succeeded()
        return answer

    async def _request(
        self, path: str, params: Mapping[str, str | int]
    ) -> tuple[httpx.Response, bytes]:
        """The whole response, over an idle transport."""
        url = f"{self.base_url}{path}?{urlencode(params)}".rstrip("?")
        request = httpx.Request("GET", url, headers=self._headers, extensions=self._extensions)
        try:
            async with self._transport() as transport, asyncio.timeout(self._deadline):
                response = await transport.handle_async_request(request)
                try:
                    return response, await _read(path, response)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            message = f"GET {path}: the answer has no end after {self._deadline:g} s"
            raise ApiError(message) from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            reason = str(error) or type(error).__name__
            message = f"GET {path}: no answer from {self.base_url} ({reason})"
            raise TransientError(message) from error

    @asynccontextmanager
    async def _transport(self) -> AsyncIterator[httpx.AsyncHTTPTransport]:
        """An idle one. After a request that did not end well its connection is closed: httpcore may
        hold what was cancelled as in use for ever.
        """
        transport = self._idle.pop()
        try:
            yield transport
        except BaseException:
            await transport.aclose()
            raise
        finally:
            self._idle.append(transport)


async def _read(path: str, response: httpx.Response) -> bytes:
    """The decompressed body.

    Raises:
        ApiError: It is larger than `MAX_BYTES`, or compressed in a way that was not asked for: what
            is compressed twice can grow a million times in one step.
    """
    if (encoding := response.headers.get("Content-Encoding", "")) not in ENCODINGS:
        raise ApiError(f"GET {path}: the answer is compressed as {encoding[:40]!r}")
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > MAX_BYTES:
            raise ApiError(f"GET {path}: the answer is larger than {MAX_BYTES // 2**20} MB")
    return bytes(content)


@asynccontextmanager
async def open_client(
    settings: Settings, response_log: ResponseLog | None = None, findings: Findings | None = None
) -> AsyncIterator[GigstackClient]:
    """A client with keep-alive connections and a rate limit for the whole run."""
    rate_limiter = RateLimiter(settings.max_concurrency, settings.requests_per_second)
    async with open_transports(settings.base_url, settings.max_concurrency) as transports:
        yield GigstackClient(settings, transports, rate_limiter, response_log, findings)


def read_envelope(body: bytes) -> Envelope:
    """The envelope of a body from the response log.

    Raises:
        ApiError: The body is not JSON.
    """
    envelope = parse_body(body)
    if envelope is None:
        raise ApiError("an answer in the response log is not JSON")
    return envelope
