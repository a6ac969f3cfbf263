"""What goes wrong on purpose. Transient faults strike the same URL at most twice in a row.

Which request is hit depends on the seed, the URL and how often it was asked, not on the order in
which requests arrive.
"""

from collections import Counter
from hashlib import blake2b

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.sandbox.api.envelopes import ApiError

TRANSIENT = (
    "throttle",
    "server_error",
    "html_error",
    "cut",
    "bad_json",
    "success_false",
    "redirect",
)
STANDING = (
    "empty_page",
    "stuck_cursor",
    "missing_cursor",
    "bad_records",
    "unknown_fields",
    "forbidden_stream",
    "missing_stream",
)
NAMES = TRANSIENT + STANDING
MAX_IN_A_ROW = 2
_HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_ELSEWHERE = b"https://elsewhere.example/v2"


class Faults:
    """Which faults are on, and how often they strike (0 to 1)."""

    def __init__(self, names: tuple[str, ...] = (), rate: float = 0.05, seed: int = 7) -> None:
        self.seed = seed
        self.hits: Counter[str] = Counter()
        self.set(names, rate)

    def set(self, names: tuple[str, ...], rate: float) -> None:
        unknown = sorted(set(names) - set(NAMES))
        if unknown:
            raise ValueError(f"no fault {', '.join(unknown)}; there are {', '.join(NAMES)}")
        self.names, self.rate = names, rate
        self._transient = tuple(name for name in names if name in TRANSIENT)
        self._asked: Counter[str] = Counter()
        self._in_a_row: Counter[str] = Counter()

    def has(self, name: str) -> bool:
        return name in self.names

    def transient(self, url: str) -> str | None:
        """The fault that strikes this request, if any."""
        if not self._transient:
            return None
        die = self._strikes("transient", url)
        return self._transient[die % len(self._transient)] if die is not None else None

    def strikes(self, name: str, url: str) -> bool:
        return name in self.names and self._strikes(name, url) is not None

    def _strikes(self, name: str, url: str) -> int | None:
        key = f"{name} {url}"
        self._asked[key] += 1
        if self._in_a_row[key] >= MAX_IN_A_ROW:
            self._in_a_row[key] = 0
            return None
        text = f"{self.seed} {key} {self._asked[key]}"
        die = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
        if die % 100_000 >= self.rate * 100_000:
            self._in_a_row[key] = 0
            return None
        self._in_a_row[key] += 1
        return die // 100_000


class FaultyApp:
    """ASGI middleware: lets the transient faults happen to requests below `/v2`."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = None
        if scope["type"] == "http" and scope["path"].startswith("/v2"):
            url = scope["path"] + "?" + scope["query_string"].decode()
            name = self._faults.transient(url)
        if name is None:
            await self._app(scope, receive, send)
            return
        self._faults.hits[name] += 1
        if name in ("cut", "bad_json"):
            await self._spoil(name, scope, receive, send)
        else:
            await answer(send, *_answers(name, self._faults.hits[name]))

    async def _spoil(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Half the body: with the full length announced (cut) or as if it were all (bad_json)."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, keep)
        body = b"".join(message.get("body", b"") for message in messages)
        half = body[: len(body) // 2]
        length = len(body) if name == "cut" else len(half)
        status = messages[0]["status"]
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(length).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": half, "more_body": name == "cut"})


async def answer(send: Send, status: int, headers: dict[bytes, bytes], body: bytes) -> None:
    length = {b"content-length": str(len(body)).encode()}
    raw = [(name, value) for name, value in (headers | length).items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _answers(name: str, count: int) -> tuple[int, dict[bytes, bytes], bytes]:
    """Status, headers and body; every other time the other variant."""
    json = {b"content-type": b"application/json"}
    is_odd = bool(count % 2)
    if name == "throttle":
        waits: tuple[dict[bytes, bytes], ...] = (
            {b"retry-after": b"0.05"},
            {},
            {b"retry-after": b"1"},
            {b"retry-after": b"0"},
        )
        error = ApiError(429, "rate_limit_exceeded", "Too many requests", is_flat=is_odd)
        return 429, json | waits[(count - 1) % 4], error.body
    if name == "server_error":
        status = 500 if is_odd else 503
        error = ApiError(status, "internal_server_error", "Something failed", is_flat=is_odd)
        return status, json, error.body
    if name == "html_error":
        return 502, {b"content-type": b"text/html"}, _HTML
    if name == "redirect":
        return 302, {b"location": _ELSEWHERE}, b""
    return 200, json, ApiError(200, "service_unavailable", "Try again later").body
