"""Other bytes of the same answer: encodings, and bodies that are meant to do harm."""

import asyncio
import re
from collections.abc import AsyncIterator
from functools import cache
from zlib import Z_FULL_FLUSH, compressobj, crc32

from pipelines.sandbox.api.variants.exchange import Exchange, Variant

BYTE_SECONDS = 0.05  # from one byte of an endless body to the next
BOMB_MEGABYTES = 300
_MEGABYTE = 1_000_000
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
_ABOVE_LATIN_1 = re.compile("[^\x00-\xff]")


def _bom(exchange: Exchange, content: bytes) -> bytes:
    return b"\xef\xbb\xbf" + content if content and exchange.status == 200 else content


def _latin_1(exchange: Exchange, content: bytes) -> bytes:
    exchange.headers["content-type"] = "application/json; charset=iso-8859-1"
    return _ABOVE_LATIN_1.sub(_escaped, content.decode()).encode("latin-1")


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _endless(exchange: Exchange, content: bytes) -> bytes:
    if exchange.path == "/webhooks":
        exchange.chunks = _drip()
    return content


async def _drip() -> AsyncIterator[bytes]:
    yield b'{"data":['
    while True:
        await asyncio.sleep(BYTE_SECONDS)
        yield b" "


def _bomb(exchange: Exchange, content: bytes) -> bytes:
    if exchange.path != "/users":
        return content
    exchange.headers["content-encoding"] = "gzip"
    return bomb()


def _bomb_twice(exchange: Exchange, content: bytes) -> bytes:
    if exchange.path != "/users":
        return content
    exchange.headers["content-encoding"] = "gzip, gzip"
    return _gzipped([bomb()])


@cache
def bomb() -> bytes:
    """A list with one record of blanks, as gzip."""
    return _gzipped([b'{"data":[{"id":"', *[b" " * _MEGABYTE] * BOMB_MEGABYTES, b'"}]}'])


def _gzipped(parts: list[bytes]) -> bytes:
    """The parts as one gzip member; equal neighbours are compressed once."""
    packer = compressobj(9, wbits=-15)
    known: dict[bytes, bytes] = {}
    checksum = size = 0
    blocks = []
    for part in parts:
        if part not in known:
            known[part] = packer.compress(part) + packer.flush(Z_FULL_FLUSH)
        blocks.append(known[part])
        checksum, size = crc32(part, checksum), size + len(part)
    tail = checksum.to_bytes(4, "little") + (size % 2**32).to_bytes(4, "little")
    return _GZIP_HEAD + b"".join(blocks) + packer.flush() + tail


VARIANTS = {
    "latin-1": Variant("bodies are in latin-1, and Content-Type says so", sent=_latin_1),
    "bom": Variant("a byte order mark precedes the body", sent=_bom),
    "endless-body": Variant("/webhooks sends one byte at a time, for ever", sent=_endless),
    "gzip-bomb": Variant("/users sends 300 MB of blanks as 300 KB of gzip", sent=_bomb),
    "gzip-bomb-twice": Variant(
        "/users sends 300 MB of blanks as few KB, compressed twice", sent=_bomb_twice
    ),
}
