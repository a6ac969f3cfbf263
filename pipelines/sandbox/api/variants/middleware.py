"""The variants that are on, and how they are laid around the API."""

import asyncio
from urllib.parse import parse_qsl, quote, unquote, urlencode

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.sandbox.api.auth import Auth
from pipelines.sandbox.api.envelopes import ApiError
from pipelines.sandbox.api.variants.catalogue import CATALOGUE
from pipelines.sandbox.api.variants.exchange import DEFAULT_THROTTLE, Exchange, Memory, Variant
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.storage.store import decode, encode


class Variants:
    """Which variants are on. Setting them forgets what earlier ones remembered.

    `throttle` is the pace that those about throttling allow: requests, within so many seconds.
    """

    def __init__(
        self,
        account: Account,
        auth: Auth,
        names: tuple[str, ...] = (),
        throttle: tuple[int, float] = DEFAULT_THROTTLE,
    ) -> None:
        self.account = account
        self.auth = auth
        self.throttle = throttle
        self.set(names)

    def set(self, names: tuple[str, ...], throttle: tuple[int, float] | None = None) -> None:
        unknown = sorted(set(names) - set(CATALOGUE))
        if unknown:
            known = ", ".join(CATALOGUE)
            raise ValueError(f"no variant {', '.join(unknown)}; there are {known}")
        self.names = names
        self.active = [one for name, one in CATALOGUE.items() if name in names]
        self.memory = Memory(throttle or self.throttle)

    def exchange(self, scope: Scope) -> Exchange:
        """A request as the variants see it."""
        headers = dict(scope["headers"])
        path = scope["raw_path"].decode("latin-1").removeprefix("/v2").lstrip("/")
        asked = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        authorization = headers.get(b"authorization")
        return Exchange(
            self.account,
            self.auth,
            self.memory,
            f"{scope['scheme']}://{headers.get(b'host', b'').decode('latin-1')}/v2",
            [unquote(segment) for segment in path.split("/")],
            asked,
            authorization.decode("latin-1") if authorization else None,
        )


class VariantApp:
    """ASGI middleware: lets the variants change requests below `/v2` and their answers.

    The last of the catalogue is the outermost: it sees a request first and an answer last.
    """

    def __init__(self, app: ASGIApp, variants: Variants) -> None:
        self._app = app
        self._variants = variants

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        active = self._variants.active
        is_api = scope["type"] == "http" and scope["path"].startswith("/v2/")
        if not active or not is_api or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        exchange = self._variants.exchange(scope)
        content = await self._answer(exchange, active, scope, receive)
        for one in active:
            content = one.sent(exchange, content) if one.sent else content
        if exchange.chunks is None:
            exchange.headers["content-length"] = str(len(content))
        await send(_start(exchange))
        if exchange.chunks is None:
            await send({"type": "http.response.body", "body": content})
        else:
            await _send_chunks(exchange, receive, send)

    async def _answer(
        self, exchange: Exchange, active: list[Variant], scope: Scope, receive: Receive
    ) -> bytes:
        try:
            for one in reversed(active):
                if one.asked:
                    one.asked(exchange)
            await self._ask(exchange, scope, receive)
            for one in active:
                if one.answered and exchange.status == 200:
                    one.answered(exchange)
        except ApiError as error:
            exchange.status, exchange.body = error.status, decode(error.body)
            exchange.headers.setdefault("content-type", "application/json")
        return b"" if exchange.status == 204 else encode(exchange.body)

    async def _ask(self, exchange: Exchange, scope: Scope, receive: Receive) -> None:
        """Let the API answer what the variants made of the request."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        path = "/v2/" + "/".join(quote(segment, safe="") for segment in exchange.segments)
        changed = {
            "path": "/v2" + exchange.path,
            "raw_path": path.encode(),
            "query_string": urlencode(exchange.query).encode(),
        }
        await self._app({**scope, **changed}, receive, keep)
        exchange.status = messages[0]["status"]
        exchange.headers["content-type"] = "application/json"
        exchange.body = decode(b"".join(message.get("body", b"") for message in messages[1:]))


def _start(exchange: Exchange) -> Message:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in exchange.headers.items()]
    return {"type": "http.response.start", "status": exchange.status, "headers": headers}


async def _send_chunks(exchange: Exchange, receive: Receive, send: Send) -> None:
    """Send until the client goes away."""
    assert exchange.chunks is not None
    gone = asyncio.ensure_future(_until_gone(receive))
    try:
        async for chunk in exchange.chunks:
            if gone.done():
                return
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
