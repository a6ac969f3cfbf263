"""The envelope of an answer: its records, and what it says about paging, in any known spelling.

The documented envelope is decoded in one step. The live API may nest the words of paging
(`pagination`, `meta`, `data`), write them in camelCase, or send numbers as text; such answers are
read word by word. API: https://docs.gigstack.io
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import msgspec

from pipelines.foundation.errors import ApiError

CURSOR_WORDS = ("next_cursor", "nextCursor", "next", "next_page_token", "nextPageToken")
MORE_WORDS = ("has_more", "hasMore", "has_next", "hasNext", "has_next_page", "hasNextPage")
TOTAL_WORDS = (
    *("total_results", "totalResults", "total_count", "totalCount"),
    *("total", "total_items", "totalItems"),
)
PAGE_WORDS = ("page", "current_page", "currentPage", "page_number", "pageNumber")
PAGES_WORDS = ("total_pages", "totalPages", "pages", "last_page", "lastPage", "page_count")
LIMIT_WORDS = ("limit", "per_page", "perPage", "page_size", "pageSize")
CONTAINERS = ("pagination", "meta", "paging", "page_info", "pageInfo", "links")
_YES, _NO = ("true", "1", "yes"), ("false", "0", "no", "")

NULL = msgspec.Raw(b"null")
MISSING = msgspec.Raw(b"")
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Envelope(msgspec.Struct, frozen=True):
    """An answer. `data` stays JSON text for the normalizer; it is empty if there is none.

    `cursor` is None at the end of a list, and where the answer does not speak of one
    (`names_cursor` is then false).
    """

    data: msgspec.Raw = NULL
    success: bool | None = None
    error: Any = None
    message: Any = None
    cursor: str | None = None
    cursor_word: str = "next"
    names_cursor: bool = False
    has_more: bool | None = None
    total: int | None = None
    limit: int | None = None
    next_page: int | None = None  # its number, of lists with numbered pages; 0 after the last
    names: tuple[str, ...] = ()  # of the fields beside it, for messages

    @property
    def speaks_of_more(self) -> bool:
        """Whether the answer says if the list goes on."""
        return self.has_more is not None or self.names_cursor or self.next_page is not None

    @property
    def is_plain(self) -> bool:
        """Whether the documented words say all that a reader of the list needs."""
        return self.has_more is False or (self.has_more is True and self.cursor is not None)


class _Documented(msgspec.Struct):
    """The envelope as documented, decoded without a look at anything else."""

    data: msgspec.Raw = MISSING
    success: bool | None = None
    error: Any = None
    message: Any = None
    next: str | msgspec.UnsetType | None = msgspec.UNSET
    next_cursor: str | msgspec.UnsetType | None = msgspec.UNSET
    has_more: bool | None = None
    total_results: int | None = None
    total_count: int | None = None
    total: int | None = None
    limit: int | None = None


_documented = msgspec.json.Decoder(_Documented)


def parse_envelope(body: bytes) -> Envelope | None:
    """The envelope of a body; None if the body is not JSON, or nested too deeply.

    Raises:
        ApiError: A word that decides how the list goes on has a value that cannot be read.
    """
    with suppress(msgspec.DecodeError, RecursionError):
        found = _documented.decode(body)
        if bytes(found.data)[:1] == b"[" and (envelope := _of_documented(found)).is_plain:
            return envelope
    try:
        top = msgspec.json.decode(body, type=dict[str, msgspec.Raw] | list[msgspec.Raw] | None)
    except (msgspec.DecodeError, RecursionError):
        return None
    if isinstance(top, list):
        return Envelope(data=msgspec.Raw(body))
    return _read_words(top or {})


def _of_documented(found: _Documented) -> Envelope:
    cursors = (("next_cursor", found.next_cursor), ("next", found.next))
    named = [(word, cursor) for word, cursor in cursors if cursor is not msgspec.UNSET]
    word, cursor = next(((w, c) for w, c in named if c), ("next", None))
    totals = (found.total_results, found.total_count, found.total)
    return Envelope(
        data=found.data,
        success=found.success,
        error=found.error,
        message=found.message,
        cursor=cursor or None,
        cursor_word=word,
        names_cursor=bool(named),
        has_more=found.has_more,
        total=next((total for total in totals if _is_count(total)), None),
        limit=found.limit,
    )


def _read_words(top: Mapping[str, msgspec.Raw]) -> Envelope:
    places = list(_places(top))
    cursor_word, cursor = _cursor(places)
    success = _value(top.get("success", NULL))
    return Envelope(
        data=top.get("data", MISSING),
        success=None if success is None else str(success).lower() not in _NO,
        error=_value(top.get("error", NULL)),
        message=_value(top.get("message", NULL)),
        cursor=cursor,
        cursor_word=cursor_word or "next",
        names_cursor=cursor_word is not None,
        has_more=_has_more(places),
        total=_first_number(places, TOTAL_WORDS),
        limit=_first_number(places, LIMIT_WORDS),
        next_page=_next_page(places),
        names=tuple(top),
    )


def _places(top: Mapping[str, msgspec.Raw]) -> Iterator[Mapping[str, msgspec.Raw]]:
    """Where the words of paging may stand: on top, in a container, beside a nested `data`."""
    yield top
    data = members_in(top.get("data", NULL))
    if bytes(data.get("data", NULL))[:1] != b"[":
        data = {}  # a single object, whose `total` is its own
    yield data
    for container in CONTAINERS:
        for outer in (top, members_in(top.get("meta", NULL)), data):
            yield members_in(outer.get(container, NULL))


def members_in(raw: bytes | msgspec.Raw | None) -> dict[str, msgspec.Raw]:
    """The members of a JSON object; none of anything else."""
    if raw is None or bytes(raw)[:1] != b"{":
        return {}
    with suppress(msgspec.DecodeError, RecursionError):
        return _members.decode(raw)
    return {}


def _value(raw: msgspec.Raw) -> Any:
    with suppress(msgspec.DecodeError, RecursionError):
        return msgspec.json.decode(raw)
    return None


def _named(
    places: list[Mapping[str, msgspec.Raw]], words: tuple[str, ...]
) -> Iterator[tuple[str, Any]]:
    for place in places:
        for word in words:
            if word in place:
                yield word, _value(place[word])


def _cursor(places: list[Mapping[str, msgspec.Raw]]) -> tuple[str | None, str | None]:
    """The word that names a cursor, and the cursor; numbers are text, `false` and "" are none.

    Raises:
        ApiError: It is neither text nor a number.
    """
    named: str | None = None
    for word, value in _named(places, CURSOR_WORDS):
        named = named or word
        if isinstance(value, dict | list) or value is True:
            raise ApiError(f"the answer's {word} is {str(value)[:80]!r}; a cursor is text")
        if value not in (None, False, ""):
            return word, str(value)
    return named, None


def _has_more(places: list[Mapping[str, msgspec.Raw]]) -> bool | None:
    """Whether the list goes on; None if no word says so.

    Raises:
        ApiError: The word is neither true nor false, in any spelling.
    """
    for word, value in _named(places, MORE_WORDS):
        text = str(value).strip().lower()
        if text in _YES or text in _NO:
            return text in _YES
        if value is not None:
            raise ApiError(f"the answer's {word} is {text[:80]!r}; it must be true or false")
    return None


def _next_page(places: list[Mapping[str, msgspec.Raw]]) -> int | None:
    """The number of the next page, 0 after the last; None if the answer counts no pages."""
    page, pages = _first_number(places, PAGE_WORDS), _first_number(places, PAGES_WORDS)
    if page is None or pages is None:
        return None
    return page + 1 if page < pages else 0


def _first_number(places: list[Mapping[str, msgspec.Raw]], words: tuple[str, ...]) -> int | None:
    """The first of these words that is a whole number, also as text or with a fraction of 0."""
    for _, value in _named(places, words):
        if isinstance(value, bool):
            continue
        with suppress(TypeError, ValueError, OverflowError):
            number = float(value)
            if number.is_integer() and _is_count(int(number)):
                return int(number)
    return None


def _is_count(number: int | None) -> bool:
    return number is not None and 0 <= number < 2**53
