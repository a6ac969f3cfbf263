"""What answers look like: list and single envelopes, and the two shapes of an error."""

from collections.abc import Iterable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from pipelines.sandbox.storage.store import encode

_LABELS = ("Clients retrieved successfully", "Retrieved successfully", "OK")


class ApiError(Exception):
    """The API refuses: HTTP status, error code, message, flat or nested envelope."""

    def __init__(self, status: int, code: str, message: str, *, is_flat: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.is_flat = is_flat

    @property
    def body(self) -> bytes:
        message = str(self)
        if self.is_flat:
            return encode({"message": message, "error": self.code})
        error = {"code": self.code, "message": message, "details": [message]}
        return encode({"success": False, "error": error})


async def refuse(_: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return json_response(error.body, error.status)


def json_response(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")


def listing(rows: Iterable[bytes], now: datetime, die: int, **more: object) -> bytes:
    """A list envelope; `die` decides between the wordings and time formats that the API mixes."""
    tail = {"message": _LABELS[die % len(_LABELS)], **more, "timestamp": _timestamp(now, die)}
    success = b'"success":true,' if die % 2 else b""
    return b'{%b"data":[%b],%b' % (success, b",".join(rows), encode(tail)[1:])


def single(body: bytes, now: datetime) -> bytes:
    tail = encode({"message": "OK", "timestamp": _timestamp(now, 0)})
    return b'{"success":true,"data":' + body + b"," + tail[1:]


def _timestamp(now: datetime, die: int) -> int | str:
    if die % 3:
        return int(now.timestamp() * 1000)
    return now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
