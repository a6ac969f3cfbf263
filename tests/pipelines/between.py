"""An API whose requests a test sees first: it may answer in its place, or change what is there."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

Look = Callable[[Request], Response | None]

PREFIX = "/v2"


class Between:
    """ASGI middleware that shows `look` each request below /v2 before the API gets it."""

    def __init__(self, app: ASGIApp, look: Look) -> None:
        self._app = app
        self._look = look

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = None
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            answer = self._look(Request(scope))
        await (answer or self._app)(scope, receive, send)


def failure(status: int) -> Response:
    """A refusal, or an error that may be asked about again at once."""
    body = {"error": "out_of_order", "message": "Not today"}
    return JSONResponse(body, status, {"Retry-After": "0"})


def path_of(request: Request) -> str:
    """The path as the API's documentation has it."""
    return request.url.path.removeprefix(PREFIX)
