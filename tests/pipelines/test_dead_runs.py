"""Which of the runs that died is gone on with; and that there is never more than one at a time."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from pipelines.foundation.errors import NothingReadError
from pipelines.foundation.paths import response_logs_dir
from pipelines.gigstack.api import response_log
from pipelines.gigstack.api.response_log import RESUME_WITHIN, Header
from pipelines.load.run import new_run_id
from tests.pipelines.commands import cli
from tests.pipelines.loads import query, run
from tests.pipelines.scripted import Scripted, account_script, api, page, refusal, settings

CLIENTS = [{"id": "client_1"}], [{"id": "client_2"}]
FIRST_PAGE, SECOND_PAGE = {"limit": "100"}, {"limit": "100", "next": "client_1"}


def clients_and(*second_pages: Scripted) -> dict[str, Any]:
    """A list of two pages, of which the second is refused before it is answered."""

    def first_or_second(request: Request) -> Scripted:
        return next(seconds) if "next" in request.query_params else first

    first = page(CLIENTS[0], next="client_1", has_more=True)
    seconds = iter((*second_pages, *[page(CLIENTS[1], has_more=False)] * 9))
    return account_script({"/clients": first_or_second, "/services": page([{"id": "service_1"}])})


REVOKED = refusal(401, "unauthorized", "The key was revoked")


@contextmanager
def revoked(data_dir: Path) -> Iterator[tuple[Any, Any]]:
    """An account whose key was refused after the first page of clients, so that the run died."""
    with api(clients_and(REVOKED)) as (script, url):
        wanted = settings(url, documents=())
        with pytest.raises(NothingReadError):
            run(wanted, data_dir, "clients")
        assert [asked.query for asked in script.requests("/clients")] == [FIRST_PAGE, SECOND_PAGE]
        script.asked.clear()
        yield script, wanted


def test_a_run_that_an_error_ended_is_gone_on_with(data_dir: Path) -> None:
    with revoked(data_dir) as (script, wanted):
        (failed,) = query(data_dir, "select run_id, status, message from ops.runs")
        report = run(wanted, data_dir, "clients")
    assert [asked.query for asked in script.requests("/clients")] == [SECOND_PAGE]
    assert (failed["status"], failed["run_id"]) == ("failed", report.run_id)
    assert "401 unauthorized" in failed["message"]
    assert query(data_dir, "select status from ops.runs") == [{"status": "ok"}]
    assert query(data_dir, "select count(*) as rows from gigstack.clients") == [{"rows": 2}]


def test_a_run_with_another_question_is_not_gone_on_with(data_dir: Path) -> None:
    with revoked(data_dir) as (script, wanted):
        report = run(wanted, data_dir, "clients", "services")
    assert [asked.query for asked in script.requests("/clients")] == [FIRST_PAGE, SECOND_PAGE]
    runs = query(data_dir, "select run_id, status from ops.runs order by started_at")
    assert [row["status"] for row in runs] == ["failed", "ok"]
    assert runs[1]["run_id"] == report.run_id != runs[0]["run_id"]


def test_an_older_run_is_not_gone_on_with_after_a_newer_one(data_dir: Path) -> None:
    with revoked(data_dir) as (script, wanted):
        run(wanted, data_dir, "services")
        run(wanted, data_dir, "clients")
    assert [asked.query for asked in script.requests("/clients")] == [FIRST_PAGE, SECOND_PAGE]
    assert query(data_dir, "select count(*) as runs from ops.runs") == [{"runs": 3}]


@pytest.mark.parametrize(
    ("age", "asked"),
    [
        (RESUME_WITHIN, [FIRST_PAGE, SECOND_PAGE]),
        (RESUME_WITHIN - timedelta(minutes=1), [SECOND_PAGE]),
    ],
    ids=["too old", "young enough"],
)
def test_only_a_run_of_the_last_hours_is_gone_on_with(
    age: timedelta, asked: list[dict[str, str]], data_dir: Path
) -> None:
    with revoked(data_dir) as (script, wanted):
        _make_older(response_logs_dir(data_dir), age)
        run(wanted, data_dir, "clients")
    assert [request.query for request in script.requests("/clients")] == asked


def _make_older(directory: Path, age: timedelta) -> None:
    """The only journal again, as if its run had begun so long ago."""
    (path,) = directory.iterdir()
    began = datetime.now(UTC) - age
    question = response_log.header_of(directory, path.stem).question
    ((origin, body),) = response_log.answers(directory, path.stem)
    path.unlink()
    with closing(
        response_log.begin(directory, Header(new_run_id(began), began, question))
    ) as older:
        older.append("/clients?limit=100", origin, body)


def test_two_runs_at_once_the_second_says_who_is_running_and_leaves(tmp_path: Path) -> None:
    is_asked, may_answer = threading.Event(), threading.Event()

    def held(_: Request) -> Scripted:
        is_asked.set()
        may_answer.wait(60)
        return page(CLIENTS[0])

    with api(account_script({"/clients": held})) as (_, url):
        wanted = settings(url, documents=(), timeout_seconds=90)
        env = {"GIGSTACK_API_KEY": wanted.api_key, "GIGSTACK_API_BASE_URL": url}
        first = threading.Thread(target=run, args=(wanted, tmp_path / "data", "clients"))
        first.start()
        try:
            assert is_asked.wait(20)
            second = cli(tmp_path, "load", "--resource", "clients", env=env)
        finally:
            may_answer.set()
            first.join(30)
    assert second.returncode == 1
    said = second.stderr.strip().splitlines()[-1]
    assert said.startswith("Error: Another load is running on data")
    assert f"process {os.getpid()}" in said
    assert query(tmp_path / "data", "select status from ops.runs") == [{"status": "ok"}]
