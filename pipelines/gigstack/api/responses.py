"""What a response of the API is: an answer with its envelope, or the error that matches it.

API: https://docs.gigstack.io
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx

from pipelines.foundation.errors import (
    ApiError,
    AuthenticationError,
    RedirectRefusedError,
    ThrottledError,
    TransientError,
    UnavailableError,
)
from pipelines.foundation.wording import one_line
from pipelines.gigstack.api.envelope import Envelope, parse_envelope

TRANSIENT_CODES = {
    "service_unavailable",
    "internal_server_error",
    "external_service_error",
    "database_error",
}
RATE_WORDS = ("ratelimit", "rate-limit")  # in the names of headers about limits
RATE_PREFIXES = ("ratelimit", "x-ratelimit", "x-rate-limit")
MIN_SECRET_LENGTH = 16  # a shorter part of a key may be an ordinary word
BOM = b"\xef\xbb\xbf"
EMPTY_LIST = b'{"data":[]}'
# half a character is what JavaScript writes when it cuts a text inside an emoji; whole ones and
# escaped backslashes come first, so that they are left as they are
_ESCAPE = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


@dataclass(frozen=True)
class Answer:
    """An answer without an error: its envelope, the body that it was read from, and its headers."""

    envelope: Envelope
    content: bytes  # UTF-8
    headers: Mapping[str, str]
    status: int = 200


class Redactor:
    """Takes the API key out of bodies and messages, whole or in the parts that a JWT has."""

    def __init__(self, api_key: str) -> None:
        _, *secret_parts = api_key.split(".")  # the header is the same in many keys
        parts = [part for part in secret_parts if len(part) >= MIN_SECRET_LENGTH]
        secrets = dict.fromkeys((api_key, quote(api_key, safe=""), *parts))
        self._secrets = [secret.encode() for secret in secrets]

    def redact(self, content: bytes) -> bytes:
        """The content with `[key]` for the key."""
        for secret in self._secrets:
            if secret in content:
                content = content.replace(secret, b"[key]")
        return content


def parse_answer(path: str, response: httpx.Response, content: bytes) -> Answer:
    """The answer in a response. Without content (204) it is an empty list.

    Raises:
        ApiError: The one of its classes that says whether another try can help.
    """
    if response.status_code == httpx.codes.NO_CONTENT:
        content = EMPTY_LIST
    body = _as_utf8(response, content)
    envelope = None
    try:
        envelope = body and parse_body(body)
    except ApiError as error:
        if response.status_code < 400:
            raise ApiError(f"GET {path}: {error}") from error
    is_ok = response.status_code in (httpx.codes.OK, httpx.codes.NO_CONTENT)
    if is_ok and body and envelope and envelope.success is not False:
        return Answer(envelope, body, response.headers, response.status_code)
    refusal = _error_of(path, response, envelope or None)
    refusal.headers = response.headers
    raise refusal


def _as_utf8(response: httpx.Response, content: bytes) -> bytes | None:
    """The body in UTF-8, from the charset that it declares; None if it is not in that."""
    content = content.removeprefix(BOM)
    charset = response.charset_encoding or "utf-8"
    try:
        text = content.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return None
    return content if charset.lower() in ("utf-8", "utf8") else text.encode()


def parse_body(body: bytes) -> Envelope | None:
    """The envelope of a body, with U+FFFD for half characters; None if it is not JSON.

    Raises:
        ApiError: A word that decides how the list goes on has a value that cannot be read.
    """
    return parse_envelope(body) or parse_envelope(_ESCAPE.sub(_whole, body))


def _whole(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape["half"] else escape[0]


def _error_of(path: str, response: httpx.Response, envelope: Envelope | None) -> ApiError:
    """The error that matches a response: its class says whether a retry can help."""
    status = response.status_code
    code, text = _error_details(envelope)
    message = one_line(f"GET {path}: {status} {code or ''} {text}")
    if status == httpx.codes.UNAUTHORIZED:
        return AuthenticationError(f"{message}. Check the API key.", status=status, code=code)
    if status in (403, 404, 405):
        return UnavailableError(message, status=status, code=code)
    if response.is_redirect:
        return RedirectRefusedError(f"GET {path}: {status}, a redirect", status=status)
    retry_after = _retry_after(response)
    if status == httpx.codes.TOO_MANY_REQUESTS or code == "rate_limit_exceeded":
        return ThrottledError(message, status=status, code=code, retry_after=retry_after)
    is_broken = envelope is None and status < 400  # a 4xx stays a refusal whatever its body
    if status >= 500 or is_broken or code in TRANSIENT_CODES:
        return TransientError(message, status=status, code=code, retry_after=retry_after)
    return ApiError(message, status=status, code=code)


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
    return None if code is None else one_line(str(code))


def _retry_after(response: httpx.Response) -> float | None:
    """The seconds to wait that the header says, as a number or as a date."""
    text = response.headers.get("Retry-After", "")
    try:
        return max(0.0, float(text))
    except ValueError:
        at = _epoch(text)
    return None if at is None else max(0.0, at - time.time())


def announced_wait(response: httpx.Response) -> float:
    """The seconds until the API admits a request, where its headers say that none is left now."""
    for prefix in RATE_PREFIXES:
        remaining = _number(response.headers.get(f"{prefix}-remaining"))
        reset = _number(response.headers.get(f"{prefix}-reset"))
        if remaining == 0 and reset is not None:
            return _seconds_until(reset)
    return 0.0


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _seconds_until(reset: float) -> float:
    """A reset is the number of seconds until then, or a moment in seconds or milliseconds."""
    if reset < 1e9:
        return max(0.0, reset)
    at = reset / 1000 if reset >= 1e12 else reset
    return max(0.0, at - time.time())


def clock_skew(response: httpx.Response) -> float | None:
    """Seconds that the API's clock is ahead of this machine's, if the response has a date."""
    at = _epoch(response.headers.get("Date", ""))
    return None if at is None else at - time.time()


def _epoch(date: str) -> float | None:
    """A date of HTTP in seconds since 1970; None if it is none."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
