"""Date filters that an account honours or not, and how its lists are read in either case."""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from starlette.requests import Request

from pipelines.foundation.errors import ApiError
from pipelines.gigstack.api import time_slices
from pipelines.gigstack.api.date_filters import (
    SPELLINGS,
    Bounds,
    DateFilter,
    DateFilters,
    EmptyListError,
    FetchFirstPage,
    FirstPage,
    IsEmpty,
    detect_date_filter,
)
from pipelines.gigstack.api.findings import Findings
from pipelines.gigstack.api.time_slices import MAX_SLICES, PRECISION, split_range
from pipelines.gigstack.check.account import check_account
from pipelines.gigstack.endpoint_types import WindowField
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.load.plan import make_plan
from pipelines.load.run import LoadOptions
from pipelines.load.select import select_resources
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.warehouse.run_log import LoadResult
from tests.pipelines.between import Between, path_of
from tests.pipelines.loads import differences, run, settings_for
from tests.pipelines.scripted import Answering, Scripted, account_script, api, page, settings
from tests.pipelines.story import Story, settings_after

PAGE_SIZE = 3
DAY = timedelta(days=1)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
TODAY = datetime.now(UTC)
SECONDS, MILLISECONDS, _, _ = SPELLINGS[WindowField.CREATED]

Reads = Callable[[str, str | int], datetime | None]  # a parameter and its value: which moment


def pages_of(
    moments: list[datetime | None], since: Reads, until: Reads = lambda *_: None
) -> FetchFirstPage:
    """A list with records of these moments, and how it reads the parameters of either bound. A
    record without a moment is left out by every filter.
    """

    async def first_page(bounds: Bounds) -> FirstPage:
        found = [moment for moment in moments if moment or not bounds]
        for name, value in bounds.items():
            if (least := since(name, value)) is not None:
                found = [moment for moment in found if moment and moment >= least]
            if (most := until(name, value)) is not None:
                found = [moment for moment in found if moment and moment <= most]
        return FirstPage(tuple(map(str, found[:PAGE_SIZE])), len(found))

    return first_page


def account(moments: list[datetime], since: Reads, until: Reads = lambda *_: None) -> IsEmpty:
    first_page = pages_of([*moments], since, until)

    async def is_empty(bounds: Bounds) -> bool:
        return not (await first_page(bounds)).ids

    return is_empty


def number(wanted: str, per_second: int = 1) -> Reads:
    """Reads one parameter, as seconds or as milliseconds; later than a calendar goes is the end."""

    def read(name: str, value: str | int) -> datetime | None:
        if name != wanted:
            return None
        seconds = int(value) / per_second
        return datetime.fromtimestamp(min(seconds, 250_000_000_000), UTC)

    return read


def nothing(_name: str, _value: str | int) -> datetime | None:
    return None


def nothing_matches(_name: str, _value: str | int) -> datetime:
    return datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("reads", "name"),
    [
        (number("created[gte]"), "created[gte] s"),
        (number("created[gte]", 1000), "created[gte] ms"),
        (number("created_gte"), "created_gte s"),
        (number("created_gte", 1000), "created_gte ms"),
        (nothing, None),
        (nothing_matches, None),
    ],
)
def test_a_spelling_counts_only_when_it_is_honoured_both_ways(
    reads: Reads, name: str | None
) -> None:
    found = asyncio.run(detect_date_filter(WindowField.CREATED, pages_of([NOW, NOW - DAY], reads)))
    assert (found and found.name) == name


@pytest.mark.parametrize(
    ("moments", "since"),
    [
        ([NOW, None, NOW - DAY], number("created[gte]")),
        ([*[NOW] * PAGE_SIZE, None], number("created[gte]")),
        ([NOW, *[NOW - 40 * 365 * DAY] * 2], number("created[gte]")),
    ],
    ids=["on the first page", "by the total", "older than what is distant"],
)
def test_a_filter_that_leaves_records_out_is_not_honoured(
    moments: list[datetime | None], since: Reads
) -> None:
    assert asyncio.run(detect_date_filter(WindowField.CREATED, pages_of(moments, since))) is None


@pytest.mark.parametrize("status", [400, 404, 500])
@pytest.mark.parametrize("odd", [{"created[gte]": 4102444800}, {"created[lte]": 4102444800}])
def test_an_error_while_asking_means_that_a_spelling_is_not_honoured(
    status: int, odd: Bounds
) -> None:
    milliseconds = pages_of([NOW, NOW - DAY], number("created_gte", 1000))

    async def first_page(bounds: Bounds) -> FirstPage:
        if odd.items() <= bounds.items():
            raise ApiError("no such parameter", status=status)
        return await milliseconds(bounds)

    found = asyncio.run(detect_date_filter(WindowField.CREATED, first_page))
    assert found
    assert found.name == "created_gte ms"


def test_a_known_spelling_is_tried_first_and_proven_again() -> None:
    asked: list[Bounds] = []
    seconds = pages_of([NOW, NOW - DAY], number("created_gte"))

    async def first_page(bounds: Bounds) -> FirstPage:
        asked.append(bounds)
        return await seconds(bounds)

    found = asyncio.run(detect_date_filter(WindowField.CREATED, first_page, "created_gte s"))
    assert found
    assert found.name == "created_gte s"
    assert asked == [
        {},
        {"created_gte": 4102444800},
        {"created_gte": 946684800, "created_lte": 4102444800},
    ]


def test_a_list_is_asked_once_for_all_teams() -> None:
    requests = 0

    async def first_page(bounds: Bounds) -> FirstPage:
        nonlocal requests
        requests += 1
        return await pages_of([NOW], number("created[gte]"))(bounds)

    async def ask() -> list[DateFilter | None]:
        filters = DateFilters(Findings(base_url=""))
        asking = (filters.of(RESOURCES["payments"], first_page) for _ in range(10))
        return list(await asyncio.gather(*asking))

    assert asyncio.run(ask()) == [SECONDS] * 10
    assert requests == 3


def test_of_an_empty_list_nothing_is_known() -> None:
    with pytest.raises(EmptyListError):
        asyncio.run(detect_date_filter(WindowField.CREATED, pages_of([], number("created[gte]"))))


def test_bounds_are_written_as_the_list_reads_them() -> None:
    midnight = datetime(2026, 1, 1, 6, tzinfo=UTC)
    assert SECONDS.bounds(midnight, NOW) == {
        "created[gte]": 1767247200,
        "created[lte]": 1780272000,
    }
    assert MILLISECONDS.bounds(until=midnight) == {"created[lte]": 1767247200000}
    local, by_day = SPELLINGS[WindowField.ISSUED]
    assert local.bounds(midnight) == {"from": "2026-01-01T00:00:00"}
    assert local.bounds() == {}
    assert by_day.bounds(midnight, midnight) == {"from": "2026-01-01", "to": "2026-01-02"}


@pytest.mark.parametrize(
    ("date_filter", "name"),
    [("bracket", "created[gte] s"), ("underscore", "created_gte s"), ("none", "not honoured")],
)
def test_an_account_shows_what_it_honours(date_filter: str, name: str, story: Story) -> None:
    resources = [RESOURCES["payments"], RESOURCES["sat_invoices"]]
    with serving(create_app(story.account, date_filter=date_filter)) as url:
        wanted = settings_for(story.account, url, teams=None)
        result = asyncio.run(check_account(wanted, resources))
    assert [found.date_filter for found in result.findings] == [name, "from"]


def slices_of(moments: list[datetime], pages: int) -> list[time_slices.TimeSlice]:
    both = account(moments, number("created[gte]"), number("created[lte]"))
    return asyncio.run(split_range(SECONDS, both, NOW, pages))


@pytest.mark.parametrize(("pages", "count"), [(21, 3), (95, 10), (10_000, MAX_SLICES)])
@pytest.mark.parametrize("last", [NOW, NOW + 100 * DAY])  # its clock may be ahead of ours
def test_slices_share_their_bounds_and_leave_nothing_out(
    pages: int, count: int, last: datetime
) -> None:
    found = slices_of([NOW - 900 * DAY, last], pages)
    assert len(found) == count
    assert (found[0][0], found[-1][1]) == (None, None)
    assert all(before[1] == after[0] for before, after in pairwise(found))
    assert all(bound is None or bound.microsecond == 0 for bound, _ in found)


def test_slices_begin_about_where_the_list_does() -> None:
    oldest = NOW - 900 * DAY
    found = slices_of([oldest, NOW], 100)
    first, second = found[0][1], found[1][1]
    assert first is not None and second is not None
    step = second - first
    assert oldest - PRECISION <= first - step <= oldest
    assert NOW - step - timedelta(seconds=2) <= (found[-1][0] or NOW) <= NOW


def test_without_an_upper_bound_there_is_one_slice() -> None:
    lower_only = account([NOW - DAY, NOW], number("created[gte]"))
    assert asyncio.run(split_range(SECONDS, lower_only, NOW, 100)) == [(None, None)]
    assert asyncio.run(split_range(SECONDS, account([NOW], nothing), NOW, 100)) == [(None, None)]


@pytest.mark.parametrize(
    ("date_filter", "bound"),
    [("bracket", "created[lte]"), ("underscore", "created_lte"), ("none", "")],
)
def test_a_long_list_is_read_to_the_same_rows_in_slices_or_not(
    date_filter: str, bound: str, story: Story, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_slices, "LONG_LIST_PAGES", 1)
    monkeypatch.setattr(time_slices, "PAGES_PER_SLICE", 2)
    shutil.copytree(story.after_40.data_dir, data_dir)
    spans: set[tuple[str | None, str | None]] = set()

    def look(request: Request) -> None:
        if path_of(request) == "/receipts" and int(request.query_params["limit"]) > 1:
            since, until = bound.replace("lte", "gte"), bound
            spans.add((request.query_params.get(since), request.query_params.get(until)))

    with serving(Between(create_app(story.account, date_filter=date_filter), look)) as url:
        wanted = settings_for(story.account, url, page_size=5, teams=None)
        report = run(wanted, data_dir, "receipts", options=LoadOptions("full"))
    assert report.status == "ok"
    assert all(found.complete_sweep for found in report.resources)
    assert report.total("rows_changed") == report.total("rows_deleted") == 0
    assert (len(spans) > 3) == bool(bound)


def test_a_window_is_read_by_an_account_without_a_filter_too(story: Story, data_dir: Path) -> None:
    shutil.copytree(story.after_1.data_dir, data_dir)
    with serving(create_app(story.account, date_filter="none")) as url:
        wanted = settings_after(story.account, url, 39, page_size=4)
        report = run(wanted, data_dir, "retentions", "receipts")
    truth = story.after_40.truth
    names = [name for name in truth if name.startswith(("retention", "receipt"))]
    assert differences(data_dir, {name: truth[name] for name in names}) == {}
    assert report.status == "ok"


@pytest.mark.parametrize("date_filter", ["underscore", "none"])
def test_the_plan_knows_what_a_window_costs_with_any_filter(
    date_filter: str, story: Story, data_dir: Path
) -> None:
    shutil.copytree(story.after_40.data_dir, data_dir)
    with serving(create_app(story.account, date_filter=date_filter)) as url:
        wanted = settings_after(story.account, url, 39, page_size=4)
        plan = make_plan(wanted, data_dir, select_resources(["receipts"], ()), LoadOptions())
        report = run(wanted, data_dir, "receipts")
    assert report.requests == sum(step.expected_requests or 0 for step in plan)
    assert report.total("rows_changed") == 0
    everything = sum(found.api_total or 0 for found in report.resources)
    assert 50 < report.total("rows_seen") < everything - 10, "neither nothing nor all"


def listing(options: Sequence[int]) -> Answering:
    """A list that knows no filter: one was made today, the others each ten days earlier."""
    records = [
        {"id": f"r{number}", "created_at": int((TODAY - number * 10 * DAY).timestamp())}
        for number in options
    ]

    def answer(request: Request) -> Scripted:
        start, limit = (int(request.query_params.get(name, 0)) for name in ("next", "limit"))
        end = start + limit
        more = {"next": str(end)} if end < len(records) else {}
        return page(records[start:end], has_more=bool(more), **more)

    return answer


@pytest.fixture(scope="module")
def retentions(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[Sequence[int]], LoadResult]]:
    """Loads the same list again, in another order."""
    where = tmp_path_factory.mktemp("retentions") / "data"
    with api(account_script({})) as (script, url):

        def load(options: Sequence[int]) -> LoadResult:
            script.answers["/retentions"] = [listing(options)]
            return run(settings(url, page_size=2, lookback_days=25), where, "retentions")

        assert load(range(12)).resources[0].pages == 6
        yield load


@pytest.mark.parametrize(
    ("options", "pages"),
    [
        (range(12), 3),  # of 0 and 10 days; of 20 and 30; of 40 and 50, all before the window
        ((0, 1, 2, 4, 3, *range(5, 12)), 6),
        (range(11, -1, -1), 6),
    ],
    ids=["newest first", "not quite", "oldest first"],
)
def test_without_a_filter_the_walk_ends_past_the_window_if_the_order_can_be_trusted(
    options: Sequence[int], pages: int, retentions: Callable[[Sequence[int]], LoadResult]
) -> None:
    report = retentions(options)
    (walked,) = report.resources
    assert (walked.pages, walked.rows_seen, walked.rows_changed) == (pages, pages * 2, 0)
    assert (report.status, walked.complete_sweep, walked.rows_deleted) == ("ok", False, 0)
