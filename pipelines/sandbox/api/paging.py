"""Reading a page request: limit, opaque cursor, order and the window of creation."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import NamedTuple
from zlib import crc32

from starlette.datastructures import QueryParams

from pipelines.sandbox.api.envelopes import ApiError
from pipelines.sandbox.simulation.local_time import MEXICO
from pipelines.sandbox.storage import positions

DEFAULT_LIMIT, MAX_LIMIT = 10, 100
SORTS = ("desc", "asc")
ORDERS = ("timestamp", "created_at", "name")
_DATE_NAMES = {
    "bracket": ("created[gte]", "created[lte]"),
    "underscore": ("created_gte", "created_lte"),
}
_PATTERN = "0001-01-01T00:00:00"


class Window(NamedTuple):
    """Positions low <= p < high of a list."""

    low: int
    high: int


def number(query: QueryParams, name: str, default: int, maximum: int | None = None) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not text.isdecimal() or int(text) < 1 or (maximum and int(text) > maximum):
        allowed = f"1 to {maximum}" if maximum else "1 or more"
        raise ApiError(400, "validation_failed", f"{name} is {text!r}; it has to be {allowed}")
    return int(text)


def one_of(query: QueryParams, name: str, allowed: tuple[str, ...]) -> str:
    """The value of a parameter that knows few; the first unless given."""
    value = query.get(name, allowed[0])
    if value not in allowed:
        known = ", ".join(allowed)
        raise ApiError(400, "validation_failed", f"{name} is {value!r}; there are {known}")
    return value


def cursor_at(place: int, mark: str = "") -> str:
    """An opaque cursor: the list goes on after this position. `mark` makes it another text."""
    text = f"{place:x}.{mark}"
    return urlsafe_b64encode(f"{text}.{_check(text)}".encode()).decode().rstrip("=")


def position_in(cursor: str, window: Window) -> int:
    """The position of a cursor of this list.

    Raises:
        ApiError: The list never gave it.
    """
    try:
        decoded = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        text, _, check = decoded.rpartition(".")
        place = int(text.split(".")[0], 16)
    except ValueError as error:
        raise _no_cursor(cursor) from error
    if check != _check(text) or not window.low - 1 <= place <= window.high:
        raise _no_cursor(cursor)
    return place


def _check(text: str) -> str:
    return f"{crc32(text.encode()):x}"


def _no_cursor(cursor: str) -> ApiError:
    return ApiError(400, "validation_failed", f"{cursor!r} is no cursor of this list")


def whole(team: int, name: str) -> Window:
    return Window(
        positions.at_second(team, name, 0),
        positions.at_second(team, name, 1 << positions.SECOND_BITS),
    )


def created_window(query: QueryParams, team: int, name: str, spelling: str) -> Window:
    """The window of the date filters, if the account knows them by the spelling in the query."""
    low, high = whole(team, name)
    if spelling not in _DATE_NAMES:
        return Window(low, high)
    since, until = (query.get(name) for name in _DATE_NAMES[spelling])
    if since is not None:
        low = positions.at_second(team, name, second_in(since))
    if until is not None:
        high = positions.at_second(team, name, second_in(until) + 1)
    return Window(low, high)


def issued_window(query: QueryParams, team: int) -> Window:
    """`from` and `to` of /invoices/sat: texts, compared with issue_date letter by letter."""
    low, high = whole(team, "sat_invoices")
    since, until = query.get("from"), query.get("to")
    if since:
        low = positions.at_second(
            team, "sat_invoices", _local(since) + (len(since) > len(_PATTERN))
        )
    if until:
        is_whole = len(until) >= len(_PATTERN)
        high = positions.at_second(team, "sat_invoices", _local(until) + is_whole)
    return Window(low, high)


def second_in(text: str) -> int:
    """The epoch second of a timestamp in seconds or milliseconds."""
    try:
        value = int(float(text))
    except ValueError as error:
        raise ApiError(400, "invalid_field_value", f"{text!r} is no timestamp") from error
    return value // 1000 if abs(value) >= 10**12 else value


def _local(text: str) -> int:
    """The first second whose text is not less than this one."""
    try:
        moment = datetime.fromisoformat((text + _PATTERN[len(text) :])[: len(_PATTERN)])
    except ValueError as error:
        raise ApiError(400, "invalid_field_value", f"{text!r} is no date") from error
    return int(moment.replace(tzinfo=UTC).timestamp()) - MEXICO
