"""What the clients of the sandbox did: requests per path, statuses, requests in flight."""

import asyncio
import time
from collections import Counter
from functools import cache

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.sandbox.simulation.account_list import account_lists

BELOW_LISTS = frozenset(  # the words of paths that are no list's
    (
        "v2", "series", "members", "integrations", "support-documents", "download", "schedule",
        "history", "activate", "status", "package", "invoice", "onboarding-url", "complements",
        "search", "settings", "files",
    )
)  # fmt: skip
UNSAFE = (
    "/teams/{id}/onboarding-url",
    "/invoices/download/invoice/{id}",
    "/invoices/download/schedule/history",
    "/invoices/download/package/{id}",
)


def template(path: str) -> str:
    """The path below /v2 with every segment that is not a word of the API as `{id}`."""
    words = _words()
    parts = [part if part in words else "{id}" for part in path.split("/") if part]
    return "/" + "/".join(parts[1:])


@cache
def _words() -> frozenset[str]:
    paths = (one.path for one in account_lists() if one.path)
    return BELOW_LISTS.union(*(path.split("/") for path in paths))


class Traffic:
    """Counts since the start or the last reset."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.reset()

    def reset(self) -> None:
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.peers: set[tuple[str, int]] = set()
        self.max_in_flight = 0

    def summary(self) -> dict[str, object]:
        return {
            "requests": dict(sorted(self.requests.items())),
            "total_requests": self.requests.total(),
            "statuses": dict(sorted(self.statuses.items())),
            "max_in_flight": self.max_in_flight,
            "connections": len(self.peers),
            "forbidden_calls": sum(self.requests[path] for path in UNSAFE),
        }


class CountingApp:
    """ASGI middleware: counts requests below `/v2`, which are answered `latency_ms` after
    they came."""

    def __init__(self, app: ASGIApp, traffic: Traffic, latency_ms: float) -> None:
        self._app = app
        self._traffic = traffic
        self._latency = latency_ms / 1000

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v2"):
            await self._app(scope, receive, send)
            return
        traffic = self._traffic
        traffic.requests[template(scope["path"])] += 1
        traffic.in_flight += 1
        traffic.max_in_flight = max(traffic.max_in_flight, traffic.in_flight)
        if scope.get("client"):
            traffic.peers.add(tuple(scope["client"]))

        arrived = time.monotonic()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                traffic.statuses[str(message["status"])] += 1
                await asyncio.sleep(max(0, arrived + self._latency - time.monotonic()))
            await send(message)

        try:
            await self._app(scope, receive, counted)
        finally:
            traffic.in_flight -= 1
