"""The HTTP connections of a run: one httpx transport each, with TLS and the environment's proxy.

API: https://www.python-httpx.org/advanced/transports/
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from urllib.request import getproxies, proxy_bypass

import httpx


@asynccontextmanager
async def open_transports(
    base_url: str, count: int
) -> AsyncIterator[list[httpx.AsyncHTTPTransport]]:
    """Transports of one keep-alive connection each; they follow no redirects."""
    url = httpx.URL(base_url)
    tls_context, proxy = _tls_context(url.scheme), _proxy_for(url)
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                httpx.AsyncHTTPTransport(verify=tls_context, proxy=proxy, limits=limits)
            )
            for _ in range(count)
        ]


@cache
def _tls_context(scheme: str) -> ssl.SSLContext:
    """The context that every transport must have.

    For plain HTTP it is an empty one: reading the certificates takes as long as a request.
    """
    is_used = scheme == "https"
    return httpx.create_ssl_context() if is_used else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _proxy_for(url: httpx.URL) -> httpx.Proxy | None:
    """The proxy that the environment (HTTPS_PROXY and so on) sets for a host, if any."""
    if proxy_bypass(url.host):
        return None
    proxies = getproxies()
    address = proxies.get(url.scheme) or proxies.get("all")
    return httpx.Proxy(address) if address else None
