"""The filters on dates: their possible spellings, and the one that an account honours.

The API may ignore a parameter that it does not know and answer with everything, misread a unit and
answer with a part, or leave out records without a date. A spelling is therefore trusted only if a
list is empty from the far future on, and if between the distant past and the far future it has the
same first page and the same total as without a filter. API: https://docs.gigstack.io
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pipelines.foundation.errors import ApiError
from pipelines.foundation.time_zone import MEXICO_CITY
from pipelines.gigstack.api.findings import Findings
from pipelines.gigstack.api.once import OncePerResource
from pipelines.gigstack.api.timestamps import CREATED_FIELDS
from pipelines.gigstack.endpoint_types import Resource, WindowField

FAR_FUTURE = datetime(2100, 1, 1, tzinfo=UTC)  # nothing was created after it
LONG_PAST = datetime(2000, 1, 1, tzinfo=UTC)  # or before it

# the names under which a record may carry the field
TIME_FIELDS = {WindowField.CREATED: CREATED_FIELDS, WindowField.ISSUED: ("issue_date",)}

Bounds = dict[str, str | int]
IsEmpty = Callable[[Bounds], Awaitable[bool]]


class Shown(NamedTuple):
    """An object on a page, and its times as far as it has them."""

    name: str
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True)
class FirstPage:
    """What the first page of a list shows: the ids on it, and the total that the API states."""

    ids: tuple[str, ...]
    total: int | None
    shown: tuple[Shown, ...] = field(default=(), compare=False)


FetchFirstPage = Callable[[Bounds], Awaitable[FirstPage]]


def in_seconds(at: datetime) -> int:
    return int(at.timestamp())


def in_milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _local_text(at: datetime) -> str:
    return f"{at.astimezone(MEXICO_CITY):%Y-%m-%dT%H:%M:%S}"


def _local_day(at: datetime) -> str:
    return f"{at.astimezone(MEXICO_CITY):%Y-%m-%d}"


def _next_local_day(at: datetime) -> str:
    """The API compares texts, and `2026-05-31` comes before `2026-05-31T10:00:00`."""
    return _local_day(at + timedelta(days=1))


@dataclass(frozen=True)
class DateFilter:
    """One spelling: the parameter of each bound, both inclusive, and the format of a timestamp."""

    name: str
    since: str
    until: str
    format: Callable[[datetime], str | int]
    format_until: Callable[[datetime], str | int] | None = None  # where it differs

    def bounds(self, since: datetime | None = None, until: datetime | None = None) -> Bounds:
        """The parameters that ask for records from `since` to `until`."""
        bounds = {self.since: self.format(since)} if since else {}
        if until:
            bounds[self.until] = (self.format_until or self.format)(until)
        return bounds


NOT_HONOURED = "not honoured"

SPELLINGS: dict[WindowField, tuple[DateFilter, ...]] = {
    WindowField.CREATED: (
        DateFilter("created[gte] s", "created[gte]", "created[lte]", in_seconds),
        DateFilter("created[gte] ms", "created[gte]", "created[lte]", in_milliseconds),
        DateFilter("created_gte s", "created_gte", "created_lte", in_seconds),
        DateFilter("created_gte ms", "created_gte", "created_lte", in_milliseconds),
    ),
    WindowField.ISSUED: (
        DateFilter("from", "from", "to", _local_text),
        DateFilter("from by day", "from", "to", _local_day, _next_local_day),
    ),
}


class NothingShownError(ApiError):
    """The first page of a list shows nothing about filters."""


class EmptyListError(NothingShownError):
    """A list without records."""


async def detect_date_filter(
    field: WindowField, first_page: FetchFirstPage, known: str | None = None
) -> DateFilter | None:
    """The spelling that a list honours; None if it honours none. The known one is tried first.

    Raises:
        EmptyListError: The list has no records.
        ApiError: The list cannot be read.
    """
    spellings = sorted(SPELLINGS[field], key=lambda spelling: spelling.name != known)
    everything = await first_page({})
    if not everything.ids:
        raise EmptyListError("the list is empty")
    for spelling in spellings:
        if await is_honoured(spelling, everything, first_page):
            return spelling
    return None


async def is_honoured(
    spelling: DateFilter, everything: FirstPage, first_page: FetchFirstPage
) -> bool:
    """Whether the far future is empty, and all of time the same as no filter.

    An API may refuse a parameter that it does not know, or a date that it finds odd.
    """
    try:
        if (await first_page(spelling.bounds(since=FAR_FUTURE))).ids:
            return False
        return await first_page(spelling.bounds(LONG_PAST, FAR_FUTURE)) == everything
    except ApiError:
        return False


class ProvenFilters:
    """The spelling that each resource honours, proven once in a run."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._proven: OncePerResource[DateFilter | None] = OncePerResource()

    async def _once(
        self, resource: Resource, prove: Callable[[], Awaitable[DateFilter | None]]
    ) -> DateFilter | None:
        """What was proven with the list of one team, for all; None if this list shows nothing."""
        try:
            return await self._proven.get(resource.name, prove)
        except NothingShownError:
            return None  # the list of another team may show it


class DateFilters(ProvenFilters):
    """The filter on dates that each resource honours."""

    async def of(self, resource: Resource, first_page: FetchFirstPage) -> DateFilter | None:
        """The spelling, found with the list of one team for all; None if there is none.

        Raises:
            ApiError: The list cannot be read.
        """
        field = resource.window or (WindowField.CREATED if resource.created_filter else None)
        if field is None:
            return None
        known = self._findings.date_filters.get(resource.name)

        async def prove() -> DateFilter | None:
            found = await detect_date_filter(field, first_page, known)
            self._findings.date_filters[resource.name] = found.name if found else NOT_HONOURED
            return found

        return await self._once(resource, prove)
