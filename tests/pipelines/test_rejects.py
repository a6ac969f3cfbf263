"""`load --retry-rejects`: records that could not be loaded, once more."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.load.replay import replay, retry_rejects
from pipelines.warehouse.connection import connect
from pipelines.warehouse.run_log import LoadResult
from tests.pipelines.commands import cli
from tests.pipelines.loads import query, run
from tests.pipelines.scripted import TEAM, account_script, api, page, settings

BAD = ["ghost", 42, {"name": "without an id"}]
GOOD = [{"id": "client_1", "legal_name": "As loaded"}, {"id": "client_2"}]
REJECTS = [
    ("not an object", None, '"ghost"'),
    ("not an object", None, "42"),
    ("no key", "client_id", '{"name": "without an id"}'),
]


@pytest.fixture
def rejecting(data_dir: Path) -> Iterator[LoadResult]:
    """The load of a list of clients of which three cannot be loaded."""
    with api(account_script({"/clients": page([*BAD, *GOOD])})) as (_, url):
        yield run(settings(url, documents=()), data_dir, "clients")


def retried(data_dir: Path) -> LoadResult:
    return retry_rejects(data_dir, lambda _: None)


def open_rejects(data_dir: Path) -> list[tuple[Any, ...]]:
    rows = query(data_dir, "select reason, field, raw::varchar as raw from ops.rejects")
    return sorted((tuple(row.values()) for row in rows), key=str)


def clients(data_dir: Path) -> list[tuple[Any, ...]]:
    rows = query(data_dir, "select client_id, legal_name from gigstack.clients order by 1")
    return [tuple(row.values()) for row in rows]


def reject(
    data_dir: Path,
    record: object,
    seen_at: datetime,
    resource: str = "clients",
    parent_id: str | None = None,
) -> None:
    """Put a record among the rejects, as if the program had not been able to load it then."""
    row = ("a run", TEAM, resource, "no key", None, json.dumps(record), seen_at, parent_id)
    with connect(data_dir) as connection:
        connection.execute("insert into ops.rejects values (?, ?, ?, ?, ?, ?, ?, ?)", row)


def last_seen(data_dir: Path) -> set[datetime]:
    return {row["seen_at"] for row in query(data_dir, "select seen_at from ops.rejects")}


def test_what_still_cannot_be_loaded_stays_rejected_once_and_gets_no_newer(
    rejecting: LoadResult, data_dir: Path
) -> None:
    assert open_rejects(data_dir) == sorted(REJECTS, key=str)
    for _ in range(2):
        report = retried(data_dir)
        assert (report.status, report.requests, len(report.rejects)) == ("warn", 0, len(BAD))
        assert open_rejects(data_dir) == sorted(REJECTS, key=str)
        assert last_seen(data_dir) == {rejecting.started_at}
    assert clients(data_dir) == [("client_1", "As loaded"), ("client_2", None)]
    by_run = query(data_dir, "select mode, rejects from ops.runs order by started_at")
    assert [tuple(row.values()) for row in by_run] == [
        ("incremental", 3),
        ("retry", 3),
        ("retry", 3),
    ]


def test_what_is_rejected_night_after_night_or_replayed_is_tried_once(
    rejecting: LoadResult, data_dir: Path
) -> None:
    replay(data_dir, rejecting.run_id, lambda _: None)
    assert len(open_rejects(data_dir)) == 2 * len(BAD)
    assert last_seen(data_dir) == {rejecting.started_at}, "it was fetched then"
    assert len(retried(data_dir).rejects) == len(BAD)
    assert open_rejects(data_dir) == sorted(REJECTS, key=str)


def test_what_can_be_loaded_now_is_no_reject_any_more(
    rejecting: LoadResult, data_dir: Path
) -> None:
    reject(data_dir, {"id": "client_3", "legal_name": "Loads now"}, rejecting.started_at)
    report = retried(data_dir)
    assert clients(data_dir)[2:] == [("client_3", "Loads now")]
    assert report.total("rows_changed") == 1
    assert open_rejects(data_dir) == sorted(REJECTS, key=str)
    (row,) = query(data_dir, "select run_id from gigstack.clients where client_id = 'client_3'")
    assert row["run_id"] == report.run_id


@pytest.mark.parametrize(
    ("milliseconds", "left"), [(-1, "As loaded"), (1, "As rejected")], ids=["older", "newer"]
)
def test_a_reject_takes_the_place_of_older_rows_only(
    milliseconds: int, left: str, rejecting: LoadResult, data_dir: Path
) -> None:
    seen_at = rejecting.started_at + timedelta(milliseconds=milliseconds)
    reject(data_dir, {"id": "client_1", "legal_name": "As rejected"}, seen_at)
    for days in (2, 3):  # what is about other records does not matter
        reject(data_dir, {"id": f"before {days}"}, rejecting.started_at - timedelta(days=days))
    retried(data_dir)
    assert clients(data_dir)[-2:] == [("client_1", left), ("client_2", None)]
    assert open_rejects(data_dir) == sorted(REJECTS, key=str)


def test_of_two_versions_of_a_rejected_record_the_newer_one_is_loaded(
    rejecting: LoadResult, data_dir: Path
) -> None:
    for hours in (2, 1, 3):
        seen_at = rejecting.started_at - timedelta(hours=hours)
        reject(data_dir, {"id": "client_3", "legal_name": f"{hours} hours ago"}, seen_at)
    retried(data_dir)
    assert clients(data_dir)[2:] == [("client_3", "1 hours ago")]
    assert open_rejects(data_dir) == sorted(REJECTS, key=str)


def test_a_rejected_document_comes_under_its_parent(rejecting: LoadResult, data_dir: Path) -> None:
    document = {"id": "document_1", "name": "Constancia"}
    resource = "client_support_documents"
    reject(data_dir, document, rejecting.started_at, resource, "client_1")
    retried(data_dir)
    assert query(
        data_dir,
        "select name, parent_type, parent_id from gigstack.support_documents "
        "inner join gigstack.support_document_parents using (team_id, document_id)",
    ) == [{"name": "Constancia", "parent_type": "client", "parent_id": "client_1"}]


def test_without_rejects_there_is_nothing_to_do(data_dir: Path) -> None:
    with api(account_script({"/clients": page(GOOD)})) as (_, url):
        run(settings(url, documents=()), data_dir, "clients")
    assert retried(data_dir).status == "ok"
    assert clients(data_dir) == [("client_1", "As loaded"), ("client_2", None)]


def test_the_next_load_goes_on_from_where_the_last_one_was(
    rejecting: LoadResult, data_dir: Path
) -> None:
    """A retry between two loads moves no watermark and hides no change."""
    reject(data_dir, {"id": "client_1", "legal_name": "Older"}, rejecting.started_at)
    retried(data_dir)
    changed = [{"id": "client_1", "legal_name": "Changed"}, {"id": "client_2"}]
    with api(account_script({"/clients": page(changed)})) as (_, url):
        report = run(settings(url, documents=()), data_dir, "clients")
    assert report.total("rows_changed") == 1
    assert clients(data_dir) == [("client_1", "Changed"), ("client_2", None)]


def test_summary_and_status_show_the_rejects(rejecting: LoadResult, data_dir: Path) -> None:
    assert rejecting.status == "warn"
    where = data_dir.parent
    status = cli(where, "status")
    assert status.returncode == 3
    assert "Rejected records: 3 in the last run, 3 kept" in status.stdout
    done = cli(where, "load", "--retry-rejects")
    assert done.returncode == 3, "without a key, and so without a request: " + done.stderr
    assert "3 records were rejected; see ops.rejects." in done.stdout
    status = cli(where, "status", "--json")
    assert status.returncode == 3
    assert json.loads(status.stdout)["rejects"] == 3
