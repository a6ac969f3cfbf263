"""What needs a look, by ledgers written by hand."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.report.answers import Answers
from pipelines.warehouse.migrations import migrate

NEWEST = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
Found = dict[str, tuple[str, str | None, str | None, int]]


class Book:
    """A ledger in memory, written night by night."""

    def __init__(self, manifest: Path) -> None:
        manifest.write_text('{"files": []}', encoding="utf-8")
        self._manifest = manifest
        self.connection = duckdb.connect()
        migrate(self.connection)
        self.connection.execute(
            "create table ops.publication as select timestamptz '2026-11-20 08:30:00+00' as as_of"
        )

    def run(self, days_ago: int, status: str = "ok", message: str | None = None) -> None:
        at = NEWEST - timedelta(days=days_ago)
        self.connection.execute(
            "insert into ops.runs values "
            "(?, 'incremental', ?, ?, ?, '1', 1, 5, 0, 9, 3, 0, 0, 0, ?)",
            [f"run-{days_ago}", status, at, at + timedelta(seconds=75.5), message],
        )

    def resource(
        self,
        days_ago: int,
        resource: str = "clients",
        team: str = "team_1",
        status: str = "ok",
        error: str | None = None,
        postponed: int = 0,
    ) -> None:
        self.connection.execute(
            "insert into ops.run_streams values "
            "(?, ?, ?, ?, null, ?, true, 1, 1, 0, 9, 3, 0, 0, ?, null, 1.5, ?, null, null)",
            [f"run-{days_ago}", team, resource, status, NEWEST, postponed, error],
        )

    def found(self) -> Found:
        rows = Answers(self.connection, self._manifest).ask("operation/attention").records()
        return {
            str(row["finding"]): (row["severity"], row["teams"], row["detail"], row["cases"])  # type: ignore[misc]
            for row in rows
        }

    def verdict(self) -> str:
        (row,) = Answers(self.connection, self._manifest).ask("verdict").records()
        return str(row["verdict"])


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    made = Book(tmp_path / "manifest.json")
    yield made
    made.connection.close()


def test_a_good_night_needs_no_look(book: Book) -> None:
    book.run(0)
    book.resource(0)
    assert book.found() == {}
    assert book.verdict() == "ok"


def test_before_the_first_run_nothing_is_said_to_be_well(book: Book) -> None:
    assert book.found() == {}
    assert book.verdict() == "empty"


def test_a_run_that_failed_is_serious_until_one_is_good(book: Book) -> None:
    book.run(1, "failed", "no answer")
    assert book.found() == {"run_failed": ("failed", None, "no answer", 1)}
    assert book.verdict() == "failed"
    book.run(0)
    assert book.found() == {}


def test_a_list_that_failed_is_serious_until_it_is_read_again(book: Book) -> None:
    for team in ("team_1", "team_2"):
        book.resource(1, team=team, status="failed", error="500")
    book.run(1, "partial")
    assert book.found() == {"stream_failed": ("failed", "team_1, team_2", "500", 2)}
    book.run(0)
    book.resource(0, "services")
    assert set(book.found()) == {"stream_failed"}, "a run of other lists does not mend it"
    for team in ("team_1", "team_2"):
        book.resource(0, team=team)
    assert book.found() == {}


def test_many_teams_are_named_by_three(book: Book) -> None:
    book.run(0, "partial")
    for number in range(7):
        book.resource(0, team=f"team_{number}", status="failed", error="500")
        book.resource(0, "services", team=f"team_{number}")
    assert book.found()["stream_failed"][1:] == ("team_0, team_1, team_2 (+4)", "500", 7)


def test_what_an_account_never_had_needs_no_look(book: Book) -> None:
    book.run(0)
    book.resource(0)
    book.resource(0, "sat_lists", status="unavailable", error="404")
    assert book.verdict() == "ok"


def test_what_could_be_read_before_and_is_no_longer_available_needs_a_look(book: Book) -> None:
    for night in (1, 0):
        book.run(night)
        book.resource(night)
    book.resource(1, "payments")
    book.resource(0, "payments", status="unavailable", error="403")
    assert book.found() == {"stream_lost": ("look", "team_1", "403", 1)}
    assert book.verdict() == "look"


def test_a_team_of_which_no_list_answers_is_serious(book: Book) -> None:
    book.run(0, "partial")
    book.resource(0)
    for resource in ("clients", "services"):
        book.resource(0, resource, "team_2", "unavailable", "403")
    assert book.found()["team_out_of_reach"] == ("failed", "team_2", "403", 2)


def test_a_list_that_is_no_longer_read_needs_a_look(book: Book) -> None:
    for night in range(9):
        book.run(night)
        book.resource(night)
        if night > 2:
            book.resource(night, "payments")
    book.resource(8, "sat_download_requests")
    assert book.found() == {"stream_left_out": ("look", "team_1", None, 1)}


def test_deletions_that_were_held_back_need_a_look(book: Book) -> None:
    book.run(0, "warn", "30 of 100 rows of clients are no longer listed")
    book.resource(0)
    assert book.found()["deletions_held_back"][0] == "look"


def test_documents_that_wait_need_a_look(book: Book) -> None:
    book.run(0, "warn")
    book.resource(0, "client_support_documents", postponed=40)
    book.resource(0, "client_support_documents", "team_2", postponed=2)
    assert book.found() == {"postponed": ("look", "team_1, team_2", None, 42)}


def test_a_difference_counts_until_its_list_is_compared_again(book: Book) -> None:
    insert = "insert into ops.reconciliation values (?, 'team_1', 'payments', ?, ?, ?, ?)"
    book.run(1, "warn")
    book.resource(1, "payments")
    book.connection.execute(
        insert, ["run-1", "total paid MXN", "116.250001", "116.25", "-0.000001"]
    )
    assert book.found() == {"difference": ("failed", "team_1", "total paid MXN", 1)}
    book.run(0)
    book.resource(0, "payments")
    book.connection.execute(insert, ["run-0", "rows", 5, 5, 0])
    assert book.found() == {}


def test_a_reject_counts_once_and_as_long_as_it_is_kept(book: Book) -> None:
    for night in (3, 2, 0):
        book.run(night)
        book.resource(night)
    for night in (3, 2):
        book.connection.execute(
            "insert into ops.rejects "
            "values (?, 'team_1', 'clients', 'no key', 'id', '{}', ?, null)",
            [f"run-{night}", NEWEST],
        )
    assert book.found() == {"rejected": ("look", "team_1", "no key: id", 1)}


def test_drift_counts_in_the_run_that_saw_it(book: Book) -> None:
    insert = "insert into ops.drift values ('clients', ?, 'unknown_field', 'x', ?, ?, 3)"
    book.run(0, "warn")
    book.resource(0)
    before = NEWEST - timedelta(days=1)
    book.connection.execute(insert, ["old", before, before])
    book.connection.execute(insert, ["new", before, NEWEST])
    assert book.found() == {"drift": ("look", None, "new", 1)}
