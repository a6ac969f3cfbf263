"""The filter on the time of the last change: its possible spellings, and the one that works.

No source documents one. Where it works, a load reads what changed and nothing else. A spelling is
trusted only if it keeps what `date_filters` asks of any filter, and finds an object that changed
long after it was created by the moment of that change: a filter on the creation under another name
would not. API: https://docs.gigstack.io
"""

from collections.abc import Sequence
from datetime import timedelta

from pipelines.gigstack.api.date_filters import (
    NOT_HONOURED,
    DateFilter,
    FetchFirstPage,
    NothingShownError,
    ProvenFilters,
    Shown,
    in_milliseconds,
    in_seconds,
    is_honoured,
)
from pipelines.gigstack.endpoint_types import Resource

LONG_AFTER = timedelta(days=1)  # of the creation; else the two filters find the same

SPELLINGS = tuple(
    DateFilter(f"{since} {unit}", since, until, moment)
    for since, until in (
        ("updated[gte]", "updated[lte]"),
        ("updated_at[gte]", "updated_at[lte]"),
        ("updated_gte", "updated_lte"),
    )
    for unit, moment in (("s", in_seconds), ("ms", in_milliseconds))
)


async def detect_change_filter(
    first_page: FetchFirstPage, spellings: Sequence[DateFilter] = SPELLINGS
) -> DateFilter | None:
    """The spelling that a list honours; None if it honours none.

    Raises:
        NothingShownError: No object on the first page has changed long after it was created.
        ApiError: The list cannot be read.
    """
    everything = await first_page({})
    changed = [one for one in everything.shown if _changed_long_after(one)]
    if not changed:
        raise NothingShownError("no object has changed since it was created")
    last = max(changed, key=lambda one: one.updated_at)  # type: ignore[arg-type,return-value]
    for spelling in spellings:
        if await is_honoured(spelling, everything, first_page):
            page = await first_page(spelling.bounds(last.updated_at))
            if last.name in {one.name for one in page.shown} and _are_all_after(page.shown, last):
                return spelling
    return None


def _changed_long_after(shown: Shown) -> bool:
    at, created = shown.updated_at, shown.created_at
    return bool(at and created and at - created > LONG_AFTER)


def _are_all_after(shown: Sequence[Shown], last: Shown) -> bool:
    """Whether all changed then or later; a filter may count in whole seconds."""
    assert last.updated_at
    since = last.updated_at.replace(microsecond=0)
    return all(one.updated_at and one.updated_at >= since for one in shown)


class ChangeFilters(ProvenFilters):
    """The filter on the last change that each resource honours."""

    async def of(self, resource: Resource, first_page: FetchFirstPage) -> DateFilter | None:
        """The spelling that was found before, if it is honoured still.

        Raises:
            ApiError: The list cannot be read.
        """
        known = self._findings.change_filters.get(resource.name)
        spellings = [spelling for spelling in SPELLINGS if spelling.name == known]
        if not spellings:
            return None

        async def prove() -> DateFilter | None:
            return await detect_change_filter(first_page, spellings)

        return await self._once(resource, prove)

    async def find(self, resource: Resource, first_page: FetchFirstPage) -> DateFilter | None:
        """The spelling among all, which is kept for later runs.

        Raises:
            ApiError: The list cannot be read.
        """

        async def prove() -> DateFilter | None:
            found = await detect_change_filter(first_page)
            self._findings.change_filters[resource.name] = found.name if found else NOT_HONOURED
            return found

        return await self._once(resource, prove)
