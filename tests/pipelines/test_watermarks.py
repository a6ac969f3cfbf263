"""Where an incremental load begins to read: watermarks in dlt's state, look-backs and --since."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines import warehouse
from pipelines.foundation.paths import dlt_dir
from pipelines.foundation.time_zone import MEXICO_CITY
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.gigstack.settings import Settings
from pipelines.gigstack.source import Watermarks
from pipelines.load.dlt_loader import open_loader
from pipelines.load.plan import make_plan
from pipelines.load.run import LoadOptions
from pipelines.load.select import select_resources
from pipelines.sandbox.simulation.account import EPOCH
from pipelines.warehouse.run_log import LoadResult
from tests.pipelines.loads import (
    contents,
    differences,
    query,
    run,
    settings_for,
    watermarks,
)
from tests.pipelines.scripted import (
    AT_ONCE,
    TEAM,
    Answer,
    account_script,
    api,
    page,
    refusal,
    settings,
)
from tests.pipelines.story import Story, StoryNight, settings_after

DAY = timedelta(days=1)
WINDOWED = {name for name, resource in RESOURCES.items() if resource.window}
BY_DATE_ALONE = ("retentions", "sat_invoices")  # nothing of them is asked for one by one


@pytest.fixture
def first(story: Story, data_dir: Path) -> Path:
    """A copy of the state after the first load; the account has lived on for 40 days."""
    shutil.copytree(story.first.data_dir, data_dir)
    return data_dir


@pytest.fixture
def last(story: Story, data_dir: Path) -> Path:
    """A copy of the state that is up to date."""
    shutil.copytree(story.after_40.data_dir, data_dir)
    return data_dir


def starts(report: LoadResult) -> dict[str, set[datetime | None]]:
    found: dict[str, set[datetime | None]] = {}
    for resource in report.resources:
        found.setdefault(resource.resource, set()).add(resource.window_start)
    return found


def midnight(moment: datetime) -> datetime:
    """The last midnight in Mexico City, which keeps no summer time any more."""
    local = moment - timedelta(hours=6)
    return local.replace(hour=6, minute=0, second=0, microsecond=0)


@pytest.mark.parametrize("name", ["first", "unchanged", "after_1", "after_40"])
def test_the_watermark_of_every_list_is_a_day_before_the_run_began(name: str, story: Story) -> None:
    night: StoryNight = getattr(story, name)
    mark = (night.report.started_at - DAY).isoformat()
    assert watermarks(night.data_dir) == {
        team: dict.fromkeys(WINDOWED, mark) for team in story.account.teams
    }


def test_a_window_begins_at_a_midnight_in_mexico_city(story: Story, last: Path) -> None:
    mark = story.after_40.report.started_at - DAY
    days = {"retentions": 30, "sat_invoices": 0, "payments": 9}
    plain = settings_for(
        story.account, story.url, lookback_days=7, lookback_days_by_resource=days | {"receipts": 8}
    )
    report = run(plain, last, *BY_DATE_ALONE, "clients")
    assert 0 < report.total("rows_seen") < story.after_40.report.total("rows_seen") / 10
    assert starts(report) == {
        "clients": {None},
        "retentions": {midnight(mark - 30 * DAY)},
        "sat_invoices": {midnight(mark)},
    }
    kept = query(
        last,
        "select distinct window_start as start from ops.run_streams "
        f"where run_id = '{report.run_id}' and window_start is not null",
    )
    local = {row["start"].astimezone(MEXICO_CITY) for row in kept}
    assert {(at.hour, at.minute, at.second, at.microsecond) for at in local} == {(0, 0, 0, 0)}


def test_a_look_back_by_resource_goes_by_stream_before_table() -> None:
    days = {"invoices": 20, "invoices_income": 5}
    chosen = Settings("key", lookback_days=1, lookback_days_by_resource=days)
    names = ("invoices_income", "invoices_egress", "payments")
    assert [chosen.lookback(RESOURCES[name]) for name in names] == [5, 20, 1]


def test_a_state_in_the_far_future_yields_nothing_and_the_next_run_is_normal(
    story: Story, last: Path
) -> None:
    before = contents(last)
    far = datetime(9000, 1, 1, tzinfo=UTC).isoformat()
    _set_watermarks(last, {team: dict.fromkeys(WINDOWED, far) for team in story.account.teams})
    wanted = settings_after(story.account, story.url, 0)
    report = run(wanted, last, *BY_DATE_ALONE)
    assert (report.status, report.total("rows_seen"), report.total("rows_changed")) == ("ok", 0, 0)
    assert {at.year for of in starts(report).values() for at in of if at} == {8999}
    again = run(wanted, last, *BY_DATE_ALONE)
    assert (again.status, again.total("rows_changed")) == ("ok", 0)
    assert again.total("rows_seen") > 100
    mark = report.started_at - DAY
    assert set.union(*starts(again).values()) == {midnight(mark - wanted.lookback_days * DAY)}
    assert contents(last) == before


def _set_watermarks(data_dir: Path, marks: Watermarks) -> None:
    with (
        warehouse.connect(data_dir) as connection,
        open_loader(data_dir, connection).pipeline().managed_state() as state,
    ):
        state["sources"]["gigstack"]["watermarks"] = marks


def test_since_takes_the_place_of_the_watermark_and_leaves_it_alone(
    story: Story, first: Path
) -> None:
    marks = watermarks(first)
    since = EPOCH + 10 * DAY
    wanted = settings_for(story.account, story.url)
    report = run(wanted, first, "sat_invoices", options=LoadOptions(since=since))
    assert starts(report) == {"sat_invoices": {since}}
    assert not any(resource.complete_sweep for resource in report.resources)
    (written,) = query(
        first,
        "select count(*) as rows, min(issued_at) as oldest from gigstack.sat_invoices "
        f"where run_id = '{report.run_id}'",
    )
    assert written["rows"] == report.total("rows_changed") > 0
    assert written["oldest"] >= since
    assert watermarks(first) == marks


def test_since_works_where_nothing_was_loaded_before(story: Story, data_dir: Path) -> None:
    since = EPOCH + 10 * DAY
    wanted = settings_for(story.account, story.url)
    report = run(wanted, data_dir, "retentions", options=LoadOptions(since=since))
    assert starts(report) == {"retentions": {since}}
    assert report.total("rows_changed") > 0
    (oldest,) = query(data_dir, "select min(created_at) as at from gigstack.retentions")
    assert oldest["at"] >= since


def test_a_lost_local_state_is_restored_from_the_warehouse(story: Story, first: Path) -> None:
    marks = watermarks(first)
    shutil.rmtree(dlt_dir(first))
    wanted = settings_after(story.account, story.url, 40)
    plan = make_plan(wanted, first, select_resources(("retentions",), ()), LoadOptions())
    assert all(step.window.startswith("since 20") for step in plan if step.stream == "retentions")
    shutil.rmtree(dlt_dir(first), ignore_errors=True)
    report = run(wanted, first, "retentions")
    assert None not in starts(report)["retentions"]
    truth = story.after_40.truth
    retentions = {name: truth[name] for name in truth if name.startswith("retention")}
    assert differences(first, retentions) == {}
    moved = watermarks(first)
    assert moved[story.account.teams[0]]["retentions"] > marks[story.account.teams[0]]["retentions"]
    others = WINDOWED - {"retentions"}
    assert {t: {s: of[s] for s in others} for t, of in moved.items()} == {
        t: {s: of[s] for s in others} for t, of in marks.items()
    }


def test_the_watermark_of_a_list_that_fails_stays(data_dir: Path) -> None:
    records = page([{"id": "one", "created_at": 1_772_300_000}])
    failing = refusal(500, "internal_server_error", "Oh", AT_ONCE)
    script: dict[str, list[Answer]] = {
        "/retentions": [records, failing],
        "/invoices/sat": [page([{"uuid": "one", "direction": "issued"}])],
    }
    with api(account_script(script)) as (_, url):
        runs = [run(settings(url), data_dir, *BY_DATE_ALONE) for _ in range(2)]
    assert [report.status for report in runs] == ["ok", "partial"]
    marks = [(report.started_at - DAY).isoformat() for report in runs]
    assert watermarks(data_dir) == {TEAM: {"retentions": marks[0], "sat_invoices": marks[1]}}
