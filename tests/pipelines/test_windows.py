"""The window that an incremental load reads, and what is still open beyond it, by hand."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from pipelines.foundation.paths import STILL_OPEN_SQL, read_sql
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.gigstack.extract.read_window import ReadWindow
from pipelines.gigstack.settings import Settings
from pipelines.load import incremental
from pipelines.load.incremental import WindowPlanner, urgent_parents
from tests.pipelines.scripted import TEAM

START = datetime(2026, 6, 1, 6, tzinfo=UTC)  # midnight in Mexico City
DAY = timedelta(days=1)
TABLES = """
create schema gigstack;
create table gigstack.payments (
    team_id varchar, payment_id varchar, created_at timestamptz, status varchar,
    deleted_at timestamptz
);
create table gigstack.receipts (
    team_id varchar, receipt_id varchar, created_at timestamptz, status varchar,
    deleted_at timestamptz
);
create table gigstack.invoices (
    team_id varchar, invoice_id varchar, document_kind varchar, created_at timestamptz,
    status varchar, payment_method varchar, last_balance decimal(18, 6),
    cancellation_status varchar, deleted_at timestamptz
);
create table gigstack.support_documents (
    team_id varchar, document_id varchar, compliance_status varchar, valid_until timestamptz,
    deleted_at timestamptz
);
create table gigstack.support_document_parents (
    team_id varchar, document_id varchar, parent_type varchar, parent_id varchar
);
"""
EXISTING = {"payments", "receipts", "invoices", "support_documents", "support_document_parents"}


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with just the columns that say what is open."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(TABLES)
        yield connection


def insert(db: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[Any, ...]]) -> None:
    db.executemany(f"insert into gigstack.{table} values ({', '.join('?' * len(rows[0]))})", rows)


def window(
    db: duckdb.DuckDBPyConnection, resource: str = "payments", page_size: int = 10
) -> ReadWindow:
    lists, settings = [(RESOURCES[resource], TEAM)], Settings("key", page_size=page_size)
    return WindowPlanner(db, EXISTING, {}, settings).windows(lists, START)[resource, TEAM]


def payments(db: duckdb.DuckDBPyConnection, rows: int, *open_days: int) -> None:
    """A payment for each of so many days before the window; open are those of `open_days`."""
    insert(
        db,
        "payments",
        [
            (
                TEAM,
                f"before {day:03}",
                START - day * DAY,
                "pending" if day in open_days else "succeeded",
                None,
            )
            for day in range(1, rows + 1)
        ],
    )


def before(*days: int) -> tuple[str, ...]:
    return tuple(f"before {day:03}" for day in days)


def test_few_open_items_far_apart_are_asked_for_one_by_one(db: duckdb.DuckDBPyConnection) -> None:
    payments(db, 100, 60, 100)  # 2 requests; 6 pages and 1; 10 pages
    assert window(db) == ReadWindow(START, before(100, 60))


def test_many_open_items_close_together_widen_the_window(db: duckdb.DuckDBPyConnection) -> None:
    payments(db, 30, *range(1, 31))  # 30 requests; 3 pages
    assert window(db) == ReadWindow(START - 30 * DAY)


def test_the_window_grows_to_where_single_requests_become_cheaper(
    db: duckdb.DuckDBPyConnection,
) -> None:
    payments(db, 121, *range(1, 21), 121)  # 21 requests; 2 pages and 1; 13 pages
    assert window(db) == ReadWindow(START - 20 * DAY, before(121))


def test_of_two_ways_that_cost_the_same_the_one_with_fewer_singles_is_taken(
    db: duckdb.DuckDBPyConnection,
) -> None:
    payments(db, 10, 10)  # 1 request; 1 page
    assert window(db) == ReadWindow(START - 10 * DAY)


def test_a_smaller_page_makes_single_requests_cheaper(db: duckdb.DuckDBPyConnection) -> None:
    payments(db, 10, 10)  # 1 request; 2 pages
    assert window(db, page_size=9) == ReadWindow(START, before(10))


def test_past_the_most_single_requests_the_window_grows_although_it_costs_more(
    db: duckdb.DuckDBPyConnection,
) -> None:
    most = incremental.MAX_SINGLES
    payments(db, 2 * most + 2, *range(2, 2 * most + 3, 2))  # one too many; 2 pages and the others
    found = window(db, page_size=1)
    assert found.start == START - 2 * DAY
    assert found.open_items == before(*range(2 * most + 2, 2, -2))
    assert len(found.open_items) == most


def test_items_of_one_moment_are_reached_together(db: duckdb.DuckDBPyConnection) -> None:
    payments(db, 3, 2, 3)
    same = START - 3 * DAY
    insert(db, "payments", [(TEAM, f"same {n}", same, "pending", None) for n in range(9)])
    assert window(db) == ReadWindow(same)  # 11 requests; 1 page and 10; 2 pages


def test_only_what_is_open_of_this_list_and_older_than_the_window_counts(
    db: duckdb.DuckDBPyConnection,
) -> None:
    old, new = START - DAY, START
    rows = [
        (TEAM, "deleted", "income", old, "pending", None, None, None, START),
        (TEAM, "of another list", "egress", old, "pending", None, None, None, None),
        ("team_2", "of another team", "income", old, "pending", None, None, None, None),
        (TEAM, "within the window", "income", new, "pending", None, None, None, None),
        (TEAM, "final", "income", old - 9 * DAY, "valid", "PUE", None, None, None),
    ]
    insert(db, "invoices", rows)
    assert window(db, "invoices_income", 1) == ReadWindow(START)
    insert(db, "invoices", [(TEAM, "open", "income", old - DAY, *rows[1][4:])])
    assert window(db, "invoices_income", 1) == ReadWindow(old - DAY)
    insert(db, "invoices", [(TEAM, "between", "income", old, *rows[4][4:])])
    assert window(db, "invoices_income", 1) == ReadWindow(START, ("open",))


OPEN_INVOICES = {
    ("pending", "PUE", None, None): True,
    ("failed", "PPD", 0, None): True,
    ("valid", "PUE", None, None): False,
    ("valid", "PUE", 100, None): False,
    ("valid", "PPD", None, None): False,
    ("valid", "PPD", 0, None): False,
    ("valid", "PPD", Decimal("0.01"), None): True,
    ("valid", "PPD", 0, "requested"): True,
    ("valid", "PUE", None, "PENDING"): True,
    ("valid", "PUE", None, "in_process"): True,
    ("valid", "PUE", None, "in_progress"): True,
    ("valid", "PUE", None, "rejected"): False,
    ("valid", "PUE", None, "accepted"): False,
    ("cancelled", "PPD", 100, "requested"): False,
}
FINAL_PAYMENT = ("succeeded", "failed", "cancelled", "refunded")
FINAL_RECEIPT = ("invoiced", "completed", "stamped", "expired", "cancelled")
OPEN_STATUSES = {
    "payments": dict.fromkeys(("pending", "processing", "requires_action", None), True)
    | dict.fromkeys(FINAL_PAYMENT, False),
    "receipts": dict.fromkeys(("pending", "open", None), True)
    | dict.fromkeys(FINAL_RECEIPT, False),
}


def open_items(db: duckdb.DuckDBPyConnection, entity: str) -> set[str]:
    sql = read_sql(STILL_OPEN_SQL / f"{entity}.sql")
    return {name for (name,) in db.execute(f"select id from ({sql})").fetchall()}


def test_open_is_an_invoice_unstamped_owed_or_about_to_be_cancelled(
    db: duckdb.DuckDBPyConnection,
) -> None:
    rows = [(TEAM, str(case), "income", START, *case, None) for case in OPEN_INVOICES]
    insert(db, "invoices", rows)
    assert open_items(db, "invoices") == {str(c) for c, is_open in OPEN_INVOICES.items() if is_open}


@pytest.mark.parametrize("entity", OPEN_STATUSES)
def test_open_is_what_has_no_final_status(entity: str, db: duckdb.DuckDBPyConnection) -> None:
    statuses = OPEN_STATUSES[entity]
    insert(db, entity, [(TEAM, str(status), START, status, None) for status in statuses])
    insert(db, entity, [(TEAM, "deleted", START, "pending", START)])
    assert open_items(db, entity) == {str(s) for s, is_open in statuses.items() if is_open}


def test_urgent_are_parents_of_documents_under_review_or_about_to_expire(
    db: duckdb.DuckDBPyConnection,
) -> None:
    now = datetime.now(UTC)
    documents = {
        "under review": ("pending_review", None, None),
        "to be updated": ("requires_update", None, None),
        "expires soon": ("valid", now + 6 * DAY, None),
        "expired yesterday": ("valid", now - DAY, None),
        "expires later": ("valid", now + 8 * DAY, None),
        "expired long ago": ("expired", now - 3 * DAY, None),
        "open-ended": ("valid", None, None),
        "deleted": ("pending_review", None, now),
    }
    insert(db, "support_documents", [(TEAM, name, *of) for name, of in documents.items()])
    links = [(TEAM, name, "client", f"parent of {name}") for name in documents]
    links += [(TEAM, "under review", "invoice", "also"), (TEAM, "expires soon", "client", "also")]
    insert(db, "support_document_parents", links)
    urgent = urgent_parents(db, EXISTING)
    assert sorted(urgent) == [
        (TEAM, name)
        for name in (
            "also",
            "parent of expired yesterday",
            "parent of expires soon",
            "parent of to be updated",
            "parent of under review",
        )
    ]
    assert urgent_parents(db, EXISTING - {"support_documents"}) == []


def test_a_list_without_a_watermark_is_read_whole(db: duckdb.DuckDBPyConnection) -> None:
    lists = [(RESOURCES[name], team) for name in ("payments", "clients") for team in (TEAM, "new")]
    marks = {TEAM: {"payments": START.isoformat(), "clients": START.isoformat()}}
    settings = Settings("key", lookback_days=0)
    assert WindowPlanner(db, EXISTING, marks, settings).windows(lists) == {
        ("payments", TEAM): ReadWindow(START, changed_since=START)
    }


def test_a_list_whose_table_is_missing_is_read_from_its_start(
    db: duckdb.DuckDBPyConnection,
) -> None:
    lists = [(RESOURCES["payments"], TEAM)]
    assert WindowPlanner(db, set(), {}, Settings("key")).windows(lists, START) == {
        ("payments", TEAM): ReadWindow(START)
    }


@pytest.mark.parametrize(
    ("watermark", "start"),
    [
        ("2026-06-11T05:59:59+00:00", "2026-05-31T06:00:00+00:00"),  # the 10th, in Mexico City
        ("2026-06-11T06:00:00+00:00", "2026-06-01T06:00:00+00:00"),
        ("2026-06-11T23:00:00-06:00", "2026-06-01T06:00:00+00:00"),
        ("2021-06-11T05:00:00+00:00", "2021-06-01T05:00:00+00:00"),  # summer time, until 2022
        ("2022-11-06T12:00:00+00:00", "2022-10-27T05:00:00+00:00"),  # its last change of clocks
    ],
)
def test_a_window_begins_at_the_midnight_of_mexico_city(
    watermark: str, start: str, db: duckdb.DuckDBPyConnection
) -> None:
    lists = [(RESOURCES["retentions"], TEAM)]
    marks = {TEAM: {"retentions": watermark}}
    planner = WindowPlanner(db, EXISTING, marks, Settings("key", lookback_days=10))
    found = planner.windows(lists)
    since, mark = datetime.fromisoformat(start), datetime.fromisoformat(watermark)
    assert found == {("retentions", TEAM): ReadWindow(since, changed_since=mark)}
