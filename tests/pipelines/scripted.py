"""An API whose every answer a test writes down beforehand, behind a real HTTP server on loopback.

The answers of a path are given in order, the last one for ever; a callable makes its answer of
the request. Whatever is asked is kept for the test to look at.
"""

import base64
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pipelines.gigstack.settings import Settings
from pipelines.sandbox.api.serving import serving

TEAM = "team_1"
Headers = dict[str, str]
Scripted = tuple[int, Headers, bytes | str | dict[str, Any]]
Answering = Callable[[Request], Scripted | Response | Awaitable[Scripted | Response]]
Answer = Scripted | Answering

AT_ONCE = {"Retry-After": "0"}


@dataclass(frozen=True)
class Asked:
    """One request: its path below /v2, decoded and raw, parameters, headers, and its connection."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    peer: tuple[str, int]
    raw_path: str  # as it came, with what is percent-encoded


class Cut(Response):
    """Announces a whole body, sends half of it, and drops the connection."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        head = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": b'{"data":[', "more_body": True})


class Api:
    """The scripted API: `answers` by path below /v2, and `asked`, what came in."""

    def __init__(self, answers: Mapping[str, Answer | Sequence[Answer]]) -> None:
        self.answers = {path: _as_list(scripted) for path, scripted in answers.items()}
        self.asked: list[Asked] = []
        self.app = Starlette(
            routes=[Route("/{path:path}", self._answer, methods=["GET", "POST", "PUT", "DELETE"])]
        )

    def requests(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]

    async def _answer(self, request: Request) -> Response:
        path = request.url.path.removeprefix("/v2")
        client = request.client
        peer = (client.host, client.port) if client else ("", 0)
        raw_path = request.scope["raw_path"].decode().removeprefix("/v2")
        query, headers = dict(request.query_params), dict(request.headers)
        self.asked.append(Asked(path, query, headers, peer, raw_path))
        scripted = self.answers.get(path)
        if scripted is None:
            return _response(refusal(404, "resource_not_found", f"Cannot GET {path}"))
        answer = scripted[min(len(self.requests(path)), len(scripted)) - 1]
        if callable(answer) and not isinstance(answer, Response):
            answer = answer(request)  # type: ignore[assignment]
            if isinstance(answer, Awaitable):
                answer = await answer
        return answer if isinstance(answer, Response) else _response(answer)  # type: ignore[arg-type]


@contextmanager
def api(answers: Mapping[str, Answer | Sequence[Answer]]) -> Iterator[tuple[Api, str]]:
    """The served script and its base URL."""
    script = Api(answers)
    with serving(script.app) as url:
        yield script, url


def page(records: Sequence[Any], **more: Any) -> Scripted:
    """A list envelope."""
    return 200, {}, {"success": True, "message": "OK", "data": list(records), **more}


def refusal(status: int, code: str, message: str, headers: Headers | None = None) -> Scripted:
    """The flat error envelope."""
    return status, headers or {}, {"message": message, "error": code}


def account_script(
    answers: Mapping[str, Answer | Sequence[Answer]],
) -> dict[str, Answer | Sequence[Answer]]:
    """What the start of every load asks, and the answers of a test."""
    return {
        "/teams": page([{"id": TEAM}]),
        f"/teams/{TEAM}": (200, {}, {"data": {"id": TEAM}}),
        **answers,
    }


def key(**claims: Any) -> str:
    """A JWT as the API's keys are, with a signature that no other text contains."""
    parts = ({"alg": "RS256"}, {"team": TEAM, "livemode": True} | claims)
    return ".".join((*map(_part, parts), "top-secret-signature"))


def settings(url: str, **changes: Any) -> Settings:
    """Settings that reach a server on loopback, and do not wait for the rate."""
    defaults: dict[str, Any] = {
        "api_key": key(),
        "requests_per_second": 10_000,
        "timeout_seconds": 10,
    }
    return Settings(base_url=url, **(defaults | changes))


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _as_list(scripted: Answer | Sequence[Answer]) -> list[Answer]:
    return scripted if isinstance(scripted, list) else [scripted]  # type: ignore[list-item]


def _response(answer: Scripted) -> Response:
    status, headers, body = answer
    content = json.dumps(body) if isinstance(body, dict) else body
    return Response(content, status, {"content-type": "application/json"} | headers)
