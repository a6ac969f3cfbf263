"""What is around the list of an answer: the names beside it, the words of paging, and its place.

API: https://docs.gigstack.io
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from pipelines.foundation.errors import ApiError
from pipelines.gigstack.api.envelope import (
    CONTAINERS,
    CURSOR_WORDS,
    LIMIT_WORDS,
    MORE_WORDS,
    PAGE_WORDS,
    PAGES_WORDS,
    TOTAL_WORDS,
    members_in,
)
from pipelines.gigstack.api.records import records_of, split_records
from pipelines.gigstack.api.responses import Answer
from pipelines.gigstack.diagnosis.disclosure import is_plain_name, json_type, length_of
from pipelines.gigstack.endpoint_types import Resource

PAGING_WORDS = frozenset(
    (*MORE_WORDS, *TOTAL_WORDS, *PAGE_WORDS, *PAGES_WORDS, *LIMIT_WORDS, *CURSOR_WORDS)
)
FIELD_WORDS = ("total", "limit", "page", "pages")  # that a single object may have as well
MAX_COUNT = 10**9
NO_RECORDS = b"[]"
MAX_DEPTH = 3
BODY = "the body itself"

Members = Mapping[str, msgspec.Raw]


class FoundList(NamedTuple):
    """A list in an answer: where it sits (None: nowhere), and whether a load finds it there."""

    place: str | None
    records: bytes
    is_read: bool


def describe_envelope(answer: Answer, resource: Resource) -> dict[str, Any]:
    """Each member by its path: the value of a word of paging, the JSON type of anything else.

    Members whose names are not shown are counted by type under `unnamed`.
    """
    top = members_in(answer.content.strip())
    return dict(_describe(top, "", resource)) if top else {}


def find_list(answer: Answer, resource: Resource) -> FoundList:
    """The list where a load reads it, otherwise the only array that the envelope names."""
    if bytes(answer.envelope.data) == b"null":  # an empty list, but no proof of a path
        return FoundList(None, NO_RECORDS, len(resource.paths) == 1)
    with suppress(ApiError):
        return FoundList(
            _known_place(answer, resource), records_of(answer.envelope, resource), True
        )
    top = members_in(answer.content.strip())
    arrays = dict(_arrays(top, "")) | dict(_arrays(members_in(top.get("data")), "data."))
    if len(arrays) == 1:
        ((place, records),) = arrays.items()
        return FoundList(place, records, False)
    return FoundList(None, NO_RECORDS, False)


def count_elements(records: bytes) -> int:
    with suppress(msgspec.DecodeError, RecursionError):
        return len(split_records(records))
    return 0


def _known_place(answer: Answer, resource: Resource) -> str:
    if answer.content.strip()[:1] == b"[":
        return BODY
    data = members_in(bytes(answer.envelope.data))
    inner = [name for name in (resource.list_at, "data") if name and name in data]
    if inner:
        return f"data.{inner[0]}"
    if data:
        arrays = [name for name, _ in _arrays(data, "data.")]
        return arrays[0] if len(arrays) == len(data) == 1 else "data, an object of objects"
    return "data"


def _arrays(members: Members, path: str) -> Iterator[tuple[str, bytes]]:
    for name, raw in members.items():
        if bytes(raw)[:1] == b"[" and is_plain_name(name):
            yield f"{path}{name}", bytes(raw)


def _describe(members: Members, path: str, resource: Resource) -> Iterator[tuple[str, Any]]:
    lists = [members.get(name) for name in ("data", resource.list_at or "data")]
    has_list = (path == "" and "data" in members) or "array" in map(_kind, lists)
    is_container = path.rstrip(".").rpartition(".")[2] in CONTAINERS
    unnamed: Counter[str] = Counter()
    for name, raw in members.items():
        inner = members_in(raw)
        if not is_plain_name(name):
            unnamed[_kind(raw)] += 1
        elif name in PAGING_WORDS and not inner:
            is_certain = has_list or is_container or name not in FIELD_WORDS
            yield f"{path}{name}", _paging_value(name, raw) if is_certain else _kind(raw)
        else:
            yield f"{path}{name}", _size(raw)
        if inner and _is_opened(name, inner, resource) and path.count(".") < MAX_DEPTH:
            yield from _describe(inner, f"{path}{name}.", resource)
    if unnamed:
        yield f"{path}unnamed", dict(unnamed)


def _paging_value(name: str, raw: msgspec.Raw) -> Any:
    """What a word of paging says, as far as it is no text and no cursor."""
    value = msgspec.json.decode(raw)
    if isinstance(value, str):
        return length_of(value)
    if value is None or isinstance(value, bool):
        return value
    is_count = isinstance(value, int) and 0 <= value < MAX_COUNT and name not in CURSOR_WORDS
    return value if is_count else json_type(value)


def _is_opened(name: str, members: Members, resource: Resource) -> bool:
    """Whether the members of an object are told: not where its keys are ids of the account."""
    kinds = Counter(map(_kind, members.values()))
    del kinds["null"]
    is_map = len(kinds) == 1 and (kinds["object"] > 0 or kinds["array"] > 1)
    if name == "data" and resource.map_key:
        is_map |= kinds["array"] != 1
    return name in (*CONTAINERS, "data") and not is_map


def _size(raw: msgspec.Raw) -> str:
    """The JSON type, with the number of elements or members."""
    kind = _kind(raw)
    if kind == "array":
        return f"array of {count_elements(bytes(raw))}"
    return f"object of {len(members_in(raw))}" if kind == "object" else kind


def _kind(raw: msgspec.Raw | None) -> str:
    kinds = {b"[": "array", b"{": "object", b'"': "string", b"t": "boolean", b"f": "boolean"}
    return "absent" if raw is None else kinds.get(bytes(raw)[:1], _null_or_number(bytes(raw)))


def _null_or_number(raw: bytes) -> str:
    return "null" if raw[:1] == b"n" else "number"
