"""Running an ASGI app on loopback: for a test in a thread, for the command line until stopped."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from starlette.types import ASGIApp

PATIENCE = 10.0  # seconds to come up, or to go down
SEND_BUFFER = 1 << 20  # a page of 100 invoices leaves in one piece


def _config(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="asyncio",
        http="httptools",
        ws="none",
        lifespan="off",
        log_level="critical",
        access_log=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=1,
    )


def _listen(host: str, port: int) -> socket.socket:
    # named as TCP: asyncio turns Nagle's delay off only then
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    listener.bind((host, port))
    listener.listen(2048)
    return listener


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve any ASGI app on a free loopback port; yields the API's base URL (`…/v2`)."""
    with _listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(_config(app, "127.0.0.1", 0))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v2"
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


def serve_until_stopped(
    app: ASGIApp, host: str, port: int, on_ready: Callable[[str], None] | None = None
) -> None:
    """Serve in this thread until SIGINT or SIGTERM; `on_ready` is told the base URL."""
    with _listen(host, port) as listener:
        server = uvicorn.Server(_config(app, host, port))
        if on_ready:
            on_ready(f"http://{host}:{listener.getsockname()[1]}/v2")
        server.run(sockets=[listener])


def _wait_until_started(server: uvicorn.Server, thread: Thread) -> None:
    deadline = time.monotonic() + PATIENCE
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise TimeoutError(f"the server did not come up within {PATIENCE:.0f} s")
        time.sleep(0.005)
