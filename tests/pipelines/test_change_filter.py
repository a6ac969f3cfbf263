"""A filter on the last change, which no source documents: where there is one, it is enough."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.foundation.errors import ApiError
from pipelines.gigstack.api.change_filters import SPELLINGS, detect_change_filter
from pipelines.gigstack.api.date_filters import (
    NOT_HONOURED,
    Bounds,
    FirstPage,
    NothingShownError,
    Shown,
)
from pipelines.gigstack.api.findings import write_findings
from pipelines.gigstack.check.account import check_account
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.load import run as load_run
from pipelines.load.plan import make_plan
from pipelines.load.run import LoadOptions
from pipelines.load.select import select_resources
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import Account
from tests.accounts import create_account
from tests.pipelines.loads import differences, lookback, query, run, settings_for
from tests.pipelines.test_filters import DAY, NOW

WINDOWED = {name for name, resource in RESOURCES.items() if resource.window}
PAGE_SIZE = 20


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    path = tmp_path / "account.sqlite"
    with create_account(path, clients=8, months=4, teams=2) as created:
        yield created


def checked(account: Account, url: str, data_dir: Path) -> dict[str, str]:
    """What `check` finds, and keeps for the loads of a directory."""
    its = settings_for(account, url)
    result = asyncio.run(check_account(its, select_resources((), its.documents)))
    write_findings(data_dir, result.kept)
    return result.kept.change_filters


def test_check_finds_it_where_there_is_one(account: Account, tmp_path: Path) -> None:
    with serving(create_app(account, variants=("updated-filter",))) as url:
        found = checked(account, url, tmp_path)
    assert {name for name, spelling in found.items() if spelling == "updated[gte] s"} >= {
        "payments",
        "invoices_income",
    }
    assert found.keys() <= WINDOWED


@pytest.mark.parametrize("variant", ["updated-everywhere", "updated-filter-by-creation"])
def test_what_is_no_filter_on_changes_is_not_taken_for_one(
    account: Account, tmp_path: Path, variant: str
) -> None:
    with serving(create_app(account, variants=(variant,))) as url:
        found = checked(account, url, tmp_path)
    assert set(found.values()) == {NOT_HONOURED}


def test_a_list_without_times_of_changes_says_nothing(account: Account, tmp_path: Path) -> None:
    with serving(create_app(account)) as url:
        assert "invoices_income" not in checked(account, url, tmp_path)


def test_a_night_reads_what_changed_and_equals_the_account(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The days of the account go by within this minute, so the margin is as long as they are."""
    monkeypatch.setattr(load_run, "SAFETY_MARGIN", timedelta(days=lookback(account, 40)))
    with serving(create_app(account, variants=("updated-filter",))) as url:
        its = settings_for(account, url, page_size=PAGE_SIZE)
        for name in ("changes", "windows"):
            run(its, tmp_path / name)
        checked(account, url, tmp_path / "changes")
        account.advance(3)
        resources = select_resources((), its.documents)
        plan = make_plan(its, tmp_path / "changes", resources, LoadOptions())
        by_change, by_window = run(its, tmp_path / "changes"), run(its, tmp_path / "windows")
        truth = expected(account)
    assert any(step.window.startswith("changed since ") for step in plan)
    for name, report in (("changes", by_change), ("windows", by_window)):
        assert report.status == "ok"
        assert differences(tmp_path / name, truth) == {}
    used = {s.resource for s in by_change.resources if s.date_filter == "updated[gte] s"}
    assert {"invoices_income", "payments"} <= used
    filters = query(tmp_path / "changes", "select distinct date_filter from ops.run_streams")
    assert "updated[gte] s" in {row["date_filter"] for row in filters}


def test_lists_whose_objects_have_documents_are_read_by_window(
    account: Account, tmp_path: Path
) -> None:
    """A document may come to an invoice that does not change."""
    with serving(create_app(account, variants=("updated-filter",))) as url:
        its = settings_for(account, url, documents=("clients", "invoices"))
        run(its, tmp_path)
        checked(account, url, tmp_path)
        report = run(its, tmp_path)
    used = {s.resource for s in report.resources if s.date_filter == "updated[gte] s"}
    assert "payments" in used
    assert not any(RESOURCES[name].entity == "invoices" for name in used)


# --- the proof alone -----------------------------------------------------------------------------

CHANGED = Shown("old", NOW - 30 * DAY, NOW - DAY)
RECORDS = (
    Shown("new", NOW - DAY, NOW - DAY),
    CHANGED,
    Shown("older", NOW - 40 * DAY, NOW - 20 * DAY),
)


def listed(name: str, *, by: str = "updated_at", has_all: bool = True) -> object:
    async def first_page(bounds: Bounds) -> FirstPage:
        found = [*RECORDS]
        for parameter, value in bounds.items():
            if parameter == name:
                found = [r for r in found if int(getattr(r, by).timestamp()) >= int(value)]
            if parameter == name.replace("gte", "lte"):
                found = [r for r in found if int(getattr(r, by).timestamp()) <= int(value)]
        if bounds and not has_all:
            found = [r for r in found if r != CHANGED]
        return FirstPage(tuple(r.name for r in found), len(found), tuple(found))

    return first_page


@pytest.mark.parametrize("name", ["updated[gte]", "updated_at[gte]", "updated_gte"])
def test_each_spelling_is_found(name: str) -> None:
    found = asyncio.run(detect_change_filter(listed(name)))  # type: ignore[arg-type]
    assert found is not None
    assert found.since == name


def test_one_that_leaves_out_what_changed_is_not_honoured() -> None:
    shown = listed("updated[gte]", has_all=False)
    assert asyncio.run(detect_change_filter(shown)) is None  # type: ignore[arg-type]


def test_one_by_creation_is_not_honoured() -> None:
    shown = listed("updated[gte]", by="created_at")
    assert asyncio.run(detect_change_filter(shown)) is None  # type: ignore[arg-type]


def test_without_an_object_that_changed_nothing_is_shown() -> None:
    async def first_page(_: Bounds) -> FirstPage:
        return FirstPage(("new",), 1, RECORDS[:1])

    with pytest.raises(NothingShownError):
        asyncio.run(detect_change_filter(first_page))
    assert issubclass(NothingShownError, ApiError)
    assert len({spelling.name for spelling in SPELLINGS}) == len(SPELLINGS)
