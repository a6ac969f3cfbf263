"""Incremental loads bring what changed, all of it, and write nothing else."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from pipelines import warehouse
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
from pipelines.gigstack.normalize.change_detection import key_columns
from pipelines.load import dlt_cleanup
from pipelines.sandbox.expected.rows import Key
from tests.pipelines.loads import (
    contents,
    differences,
    live_contents,
    query,
    run,
    settings_for,
)
from tests.pipelines.scripted import Scripted, account_script, api, page, settings
from tests.pipelines.story import Story, StoryNight

NIGHTS = ("after_1", "after_5", "after_40")
RUN_COLUMNS = "run_id|loaded_at|_dlt_id|_dlt_load_id"
TIMES = "deleted_at|updated_at|updated_at_basis"  # which depend on when a run saw what
LISTED = sorted({resource.entity for resource in RESOURCES.values()} - {"sat_download_requests"})

ITEM = {"id": "service_1", "quantity": 1, "unit_price": "10.50", "taxes": [{"type": "IVA"}]}

Versions = dict[Key, dict[str, Any]]


@cache
def versions(data_dir: Path) -> dict[str, Versions]:
    """Every row of every root by its key: its hash, its times, and the run that wrote it."""
    found = {}
    with warehouse.connect(data_dir, read_only=True) as connection:
        for entity in LISTED:
            keys = key_columns(ENTITIES[entity].root)
            rows = warehouse.rows_of(
                connection,
                f"select {', '.join(keys)}, row_hash, updated_at, updated_at_basis, deleted_at, "
                f"run_id, loaded_at from gigstack.{entity}",
            )
            found[entity] = {tuple(row[column] for column in keys): row for row in rows}
    return found


@pytest.fixture(scope="session", params=NIGHTS)
def night(request: pytest.FixtureRequest, story: Story) -> StoryNight:
    found: StoryNight = getattr(story, request.param)
    return found


def before(night: StoryNight) -> StoryNight:
    assert night.before
    return night.before


def test_a_load_of_an_unchanged_account_writes_no_row(story: Story) -> None:
    first, second = story.first, story.unchanged
    assert second.report.status == "ok"
    assert second.report.total("rows_changed") == second.report.total("rows_deleted") == 0
    assert second.report.total("rows_seen") > 500
    assert contents(second.data_dir) == contents(first.data_dir), "loaded_at and run_id included"


def test_a_load_of_an_unchanged_account_gives_dlt_nothing_to_load(story: Story) -> None:
    first, second = (
        query(night.data_dir, "select * from gigstack._dlt_loads order by all")
        for night in (story.first, story.unchanged)
    )
    assert first == second != []
    assert [*story.unchanged.data_dir.glob("pipelines/gigstack/load/*/*")] == []
    assert dlt_cleanup.pending(story.unchanged.data_dir) == 0


def test_a_load_of_an_unchanged_account_asks_what_the_plan_says(story: Story) -> None:
    unchanged = story.unchanged
    planned: Counter[str] = Counter()  # by resource: one team proves the date filter for all
    for step in unchanged.plan:
        planned[step.stream] += step.expected_requests or 0
    made: Counter[str] = Counter()
    for stats in unchanged.report.resources:
        made[stats.resource] += stats.request_stats.requests
    made["teams"] += unchanged.report.team_discovery.requests
    assert made == planned
    assert unchanged.report.requests == planned.total()
    assert any("open item" in step.note for step in unchanged.plan), "some of it one by one"


def test_one_load_brings_all_that_happened(night: StoryNight) -> None:
    assert differences(night.data_dir, night.truth) == {}
    assert night.report.status == "ok"


def test_one_load_writes_what_is_new_or_changed_and_nothing_else(night: StoryNight) -> None:
    changed = {
        entity: {key for key, h in shown.items() if before(night).shown[entity].get(key) != h}
        for entity, shown in night.shown.items()
    }
    rows = {entity: versions(night.data_dir)[entity] for entity in night.shown}
    written = {
        entity: {key for key, row in of.items() if _is_written(row, night)}
        for entity, of in rows.items()
    }
    assert written == changed
    hashes = {
        entity: {key: row["row_hash"] for key, row in of.items() if row["deleted_at"] is None}
        for entity, of in rows.items()
    }
    assert hashes == night.shown
    counted: Counter[str] = Counter()
    for report in night.report.resources:
        counted[RESOURCES[report.resource].entity] += report.rows_changed
    assert {entity: counted[entity] for entity in changed} == {
        entity: len(keys) for entity, keys in changed.items()
    }


def _is_written(row: dict[str, Any], night: StoryNight) -> bool:
    return bool(row["run_id"] == night.report.run_id and row["deleted_at"] is None)


def test_what_is_no_longer_listed_is_marked_as_deleted_once(night: StoryNight) -> None:
    marked = 0
    for entity, after in versions(night.data_dir).items():
        known = versions(before(night).data_dir)[entity]
        assert known.keys() <= after.keys()
        gone = {
            key
            for key, row in after.items()
            if row["run_id"] == night.report.run_id and not _is_written(row, night)
        }
        assert all(known[key]["deleted_at"] is None for key in gone)
        assert {after[key]["deleted_at"] for key in gone} <= {night.report.started_at}
        marked += len(gone)
    assert marked == night.report.total("rows_deleted")


def test_updated_at_never_goes_back_and_says_what_it_rests_on(night: StoryNight) -> None:
    started_at = night.report.started_at
    for entity, after in versions(night.data_dir).items():
        known = versions(before(night).data_dir)[entity]
        for key, row in after.items():
            old = known.get(key)
            if row["run_id"] != night.report.run_id:
                assert row == old
            elif row["updated_at_basis"] == "observed":
                assert row["updated_at"] == max(
                    started_at, old["updated_at"] if old else started_at
                )
            else:
                assert row["updated_at_basis"] in ("api", "lifecycle")
                assert old is None or row["updated_at"] > old["updated_at"]


def test_only_what_the_api_dates_is_dated_by_the_api(story: Story) -> None:
    found: dict[str, set[str]] = {}
    for entity, rows in versions(story.after_40.data_dir).items():
        for row in rows.values():
            if row["deleted_at"] is None:
                found.setdefault(row["updated_at_basis"], set()).add(entity)
    assert found["api"] == {"invoice_drafts", "support_documents"}
    assert {"invoices", "payments", "retentions", "sat_invoices"} <= found["lifecycle"]
    assert {"clients", "services", "cfdi_errors", "webhooks"} <= found["observed"]


def test_all_nights_together_equal_one_load_of_everything(story: Story, data_dir: Path) -> None:
    run(settings_for(story.account, story.url), data_dir)
    leave_out = f"{RUN_COLUMNS}|{TIMES}"
    assert live_contents(story.after_40.data_dir, leave_out) == live_contents(data_dir, leave_out)


def receipt(name: str, days_ago: int, **fields: Any) -> dict[str, Any]:
    created_at = int((datetime.now(UTC) - timedelta(days=days_ago)).timestamp())
    return {"id": name, "created_at": created_at, "status": "pending", "items": [ITEM]} | fields


def test_what_is_open_beyond_the_window_is_asked_for_by_itself(data_dir: Path) -> None:
    listed = [
        receipt("new", 1),
        receipt("final", 150, status="completed"),
        receipt("deleted", 200),
        receipt("open", 250, payments=["payment_1"]),
    ]

    def honouring(request: Request) -> Scripted:
        start = int(request.query_params.get("created[gte]", 0))
        rows = [record for record in listed if record["created_at"] >= start]
        return page(rows, has_more=False)

    with api(account_script({"/receipts": honouring})) as (script, url):
        wanted = settings(url, page_size=1)
        run(wanted, data_dir, "receipts")
        changed = listed[-1] | {"status": "completed", "items": [], "payments": []}
        script.answers["/receipts/open"] = [(200, {}, {"data": changed})]
        report = run(wanted, data_dir, "receipts")
        singles = [asked.path for asked in script.asked if asked.path.count("/") == 2]
    assert sorted(path for path in singles if "receipts" in path) == [
        "/receipts/deleted",
        "/receipts/open",
    ]
    assert (report.status, report.total("rows_changed")) == ("ok", 1), "deleted is no error"
    rows = query(
        data_dir,
        "select receipt_id, status, updated_at_basis = 'observed' as is_observed, "
        f"run_id = '{report.run_id}' as is_new from gigstack.receipts order by created_at",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("open", "completed", True, True),
        ("deleted", "pending", False, False),
        ("final", "completed", False, False),
        ("new", "pending", False, False),
    ]
    items = query(data_dir, "select receipt_id from gigstack.receipt_items order by all")
    assert [row["receipt_id"] for row in items] == ["deleted", "final", "new"]
    assert query(data_dir, "select * from gigstack.receipt_payments") == []


def test_a_window_that_is_read_to_the_end_of_a_list_must_bring_the_whole_list(
    data_dir: Path,
) -> None:
    listed = [receipt("new", 1), receipt("older", 2), receipt("oldest", 3)]
    shown = len(listed)

    def ignoring_filters(_: Request) -> Scripted:
        return page(listed[:shown], has_more=False, total_results=3)

    with api(account_script({"/receipts": ignoring_filters, "/users": page([])})) as (_, url):
        assert run(settings(url), data_dir, "receipts", "users").status == "ok"
        shown = 2
        report = run(settings(url), data_dir, "receipts", "users")
    (failed,) = [resource for resource in report.resources if resource.error]
    assert (failed.resource, failed.error) == ("receipts", "the list ends after 2 of 3 records")
    assert report.total("rows_deleted") == 0
