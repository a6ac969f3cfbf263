"""Detects a list that would never end, by what tells its records apart.

API: https://jcristharif.com/msgspec/usage.html
"""

from contextlib import suppress
from hashlib import blake2b
from typing import Any

import msgspec

from pipelines.gigstack.api.records import split_records

MAX_EMPTY_PAGE_BYTES = 2000  # a hundred nulls, widely spaced
MAX_EMPTY_PAGES_IN_A_ROW = 100  # with more, a list is assumed never to end


class _Identity(msgspec.Struct):
    """What tells two records apart, of any list that has pages."""

    id: Any = None
    uuid: Any = None
    code: Any = None
    direction: Any = None  # a CFDI between two own teams has both

    def __str__(self) -> str:
        name = self.id or self.uuid or self.code
        return f"{name} {self.direction}" if name and self.direction else str(name or "")


_identities = msgspec.json.Decoder(list[_Identity | None])
_identity = msgspec.json.Decoder(_Identity)


class RepeatDetector:
    """Detects a list that would never end: pages that come again, or bring nothing for ever."""

    def __init__(self) -> None:
        self._first_ids: set[str] = set()
        self._empty_pages = 0

    def check(self, ids: list[str], records: bytes) -> str | None:
        """What is wrong with a page, given those before it."""
        if not ids or is_empty(records):
            self._empty_pages += 1
            is_endless = self._empty_pages > MAX_EMPTY_PAGES_IN_A_ROW
            return "the list goes on with empty pages" if is_endless else None
        self._empty_pages = 0
        is_repeated = ids[0] in self._first_ids
        self._first_ids.add(ids[0])
        return f"the list repeats itself at {ids[0][:60]!r}" if is_repeated else None


def is_empty(records: bytes) -> bool:
    """Whether an array, however it is spaced, holds nothing or only nulls."""
    return len(records) < MAX_EMPTY_PAGE_BYTES and not records.translate(None, b"[]nul, \t\r\n")


def ids_in(records: bytes) -> list[str]:
    """One for each record that is not null: its id, or else a digest of its text."""
    try:
        found = [str(one) for one in _identities.decode(records) if one is not None]
    except (msgspec.DecodeError, RecursionError):  # some are no objects
        found = [""]
    if all(found):
        return found
    raws = [bytes(raw) for raw in split_records(records)]
    return [blake2b(raw, digest_size=16).hexdigest() for raw in raws if raw != b"null"]


def names_in(records: bytes) -> list[str]:
    """The ids of those records that have one, or else what `ids_in` gives."""
    names = []
    for raw in split_records(records):
        with suppress(msgspec.DecodeError, RecursionError):
            names.append(str(_identity.decode(raw)))
    return [name for name in names if name] or ids_in(records)
