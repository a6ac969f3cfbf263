"""Readers of published files: never blocked, never shown a mixture, whatever is published."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipelines.foundation.paths import published_dir
from pipelines.publish.publication import publish, rollback
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.simulation.account import Account
from tests.pipelines.commands import PATIENCE, environment
from tests.pipelines.loads import query, run, settings_for

RUNS = 10
WAYS = {"snapshot", "pyarrow", "two files", "all months"}


class Reader:
    """A process that reads all the time; what it answers goes into a file."""

    def __init__(self, published: Path, said: Path) -> None:
        self._said = said
        with said.open("w") as out, said.with_suffix(".errors").open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.pipelines.reader", str(published)],
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=errors,
            )

    @property
    def errors(self) -> str:
        return self._said.with_suffix(".errors").read_text(encoding="utf-8")

    def answers(self) -> list[list[Any]]:
        whole_lines = self._said.read_text(encoding="utf-8").rpartition("\n")[0]
        return [json.loads(line) for line in whole_lines.splitlines()]

    def wait_for(self, run_id: str) -> None:
        """Until every way of reading has answered with this run."""
        end = time.monotonic() + PATIENCE
        while not {way for way, run, *_ in self.answers() if run == run_id} >= WAYS:
            assert self.process.poll() is None, self.errors
            assert time.monotonic() < end, self.answers()[-5:]
            time.sleep(0.01)


@contextmanager
def reading(published: Path, said: Path) -> Iterator[Reader]:
    reader = Reader(published, said)
    with reader.process:
        try:
            yield reader
        finally:
            assert reader.process.stdin
            reader.process.stdin.close()


@pytest.fixture(scope="module")
def runs(
    account_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[dict[str, list[Any]], list[list[Any]], Reader]]:
    """What each of ten whole runs published, and what a reader was answered meanwhile."""
    where = tmp_path_factory.mktemp("readers")
    (where / "own.sqlite").write_bytes(account_file.read_bytes())
    data_dir = where / "data"
    truth = {}
    with Account.open(where / "own.sqlite") as account, serving(create_app(account)) as url:
        settings = settings_for(account, url, teams=None)
        run(settings, data_dir, "invoices_income")
        first = publish(data_dir).run_id
        truth[first] = figures(data_dir)
        with reading(published_dir(data_dir), where / "answers.jsonl") as reader:
            reader.wait_for(first)
            for _ in range(RUNS):
                account.advance(2)
                run(settings, data_dir, "invoices_income")
                run_id = publish(data_dir).run_id
                truth[run_id] = figures(data_dir)
                reader.wait_for(run_id)
        yield truth, reader.answers(), reader


def figures(data_dir: Path) -> list[Any]:
    """What the warehouse says."""
    (row,) = query(
        data_dir,
        "select count(*) as n, sum(total)::varchar as total, max(run_id) as run_id "
        "from gigstack.invoices",
    )
    return list(row.values())


def test_a_reader_meets_no_error_in_ten_runs(
    runs: tuple[dict[str, list[Any]], list[list[Any]], Reader],
) -> None:
    truth, answers, reader = runs
    assert len(truth) == RUNS + 1
    assert reader.process.returncode == 0, reader.errors
    assert reader.errors == ""
    assert len(answers) > len(truth) * len(WAYS)


def test_every_answer_belongs_to_exactly_one_run(
    runs: tuple[dict[str, list[Any]], list[list[Any]], Reader],
) -> None:
    truth, answers, _ = runs
    assert len({tuple(figures) for figures in truth.values()}) > RUNS / 2  # most differ
    for way, run_id, *found in answers:
        assert found == truth[run_id], way


def test_a_connection_that_stays_open_keeps_its_version(
    runs: tuple[dict[str, list[Any]], list[list[Any]], Reader],
) -> None:
    truth, answers, _ = runs
    lasting = {tuple(answer) for answer in answers if answer[0] == "lasting"}
    first = min(truth)
    assert lasting == {("lasting", first, *truth[first])}


def test_a_process_that_has_the_old_version_open_is_given_the_new_one(tmp_path: Path) -> None:
    """DuckDB hands a second connection of a process the database that the first one has open; it
    tells them by the path that the link leads to.
    """
    import duckdb

    from tests.pipelines.published import add_small_warehouse

    add_small_warehouse(tmp_path)
    path = published_dir(tmp_path) / "analytics.duckdb"
    asked = "select published_at from ops.publication"
    first = publish(tmp_path)
    with duckdb.connect(path, read_only=True) as old:
        second = publish(tmp_path)
        with duckdb.connect(path, read_only=True) as new:
            assert new.execute(asked).fetchall() == [(second.published_at,)]
            assert old.execute(asked).fetchall() == [(first.published_at,)]
        rollback(tmp_path)
        with duckdb.connect(path, read_only=True) as again:
            assert again.execute(asked).fetchall() == [(first.published_at,)]
