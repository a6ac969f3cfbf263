"""A run that died is gone on with: what it had fetched is not fetched again, and nothing of it is
lost.
"""

import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.foundation.paths import response_logs_dir
from pipelines.gigstack.api import response_log
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.load import dlt_cleanup
from pipelines.load.incremental import SAFETY_MARGIN
from pipelines.sandbox.api.auth import key_for
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import Account
from pipelines.warehouse.run_log import LoadResult
from tests.pipelines.commands import PATIENCE
from tests.pipelines.loads import differences, lasting, query, repeated_keys, watermarks
from tests.pipelines.watched import PAGE_SIZE, Watched, harmless, header, kept, mortal

NAMES = ("clients", "support_documents", "payments", "sat_invoices", "cfdi_errors")
IN_FLIGHT = 8  # requests that a command has under way
NOT_FINISHED = {"status": "failed", "message": "the run did not finish"}


@pytest.fixture(scope="module")
def watched(account: Account) -> Iterator[Watched]:
    with Watched(account).served() as found:
        yield found


@dataclass(frozen=True)
class Death:
    """A run that was killed half way, what it left, and the run after: requests and directories."""

    undisturbed: list[str]
    probes: set[str]  # what is never journalled
    asked: list[str]
    left: Path
    asked_again: list[str]
    after: Path
    report: LoadResult


@pytest.fixture(scope="module")
def death(watched: Watched, tmp_path_factory: pytest.TempPathFactory) -> Death:
    where = tmp_path_factory.mktemp("death")
    watched.run(where / "undisturbed", *NAMES)
    undisturbed = watched.asked
    probes = set(undisturbed) - kept(where / "undisturbed")
    with watched.command(where, *NAMES) as process:
        half = len(undisturbed) // 2
        watched.deadly = lambda n: os.kill(process.pid, signal.SIGKILL) if n == half else None
        assert process.wait(60) == -signal.SIGKILL
    watched.deadly = harmless
    asked = watched.asked
    left = shutil.copytree(where / "data", where / "left")
    report = watched.run(where / "data", *NAMES)
    return Death(undisturbed, probes, asked, left, watched.asked, where / "data", report)


def test_what_was_fetched_before_a_kill_is_not_fetched_again(death: Death) -> None:
    before = kept(death.left)
    assert len(before) > len(death.undisturbed) / 4
    assert before & set(death.asked_again) == set()
    assert sum(resource.request_stats.resumed for resource in death.report.resources) == len(before)


def test_two_halves_ask_what_a_whole_run_asks_and_little_twice(death: Death) -> None:
    both = Counter(death.asked) + Counter(death.asked_again)
    assert both.keys() == set(death.undisturbed)
    twice = both - Counter(death.undisturbed)
    in_vain = set(death.asked) - kept(death.left)  # asked, and dead before the answer
    assert twice.keys() <= in_vain
    assert len(in_vain - death.probes) <= IN_FLIGHT


def test_a_run_that_died_is_failed_in_the_ledger_until_it_is_gone_on_with(death: Death) -> None:
    runs = "select status, message from ops.runs"
    assert query(death.left, runs) == [NOT_FINISHED]
    assert query(death.after, runs) == [{"status": "ok", "message": None}]


def test_a_run_that_is_gone_on_with_is_the_same_run(death: Death) -> None:
    begun = header(death.left)
    assert (death.report.run_id, death.report.started_at) == (begun.run_id, begun.started_at)
    (told,) = query(death.after, "select run_id, started_at from ops.runs")
    assert told == {"run_id": begun.run_id, "started_at": begun.started_at}
    resources = query(death.after, "select distinct run_id from ops.run_streams")
    assert resources == [{"run_id": begun.run_id}]
    written = query(death.after, "select distinct run_id, loaded_at from gigstack.payments")
    assert written == [{"run_id": begun.run_id, "loaded_at": begun.started_at}]


def test_watermarks_come_from_the_start_of_the_run_that_died(
    account: Account, death: Death
) -> None:
    mark = (header(death.left).started_at - SAFETY_MARGIN).isoformat()
    windowed = {name: mark for name in NAMES if name in RESOURCES and RESOURCES[name].window}
    assert watermarks(death.after) == dict.fromkeys(account.teams, windowed)


def test_a_run_that_was_gone_on_with_brings_everything(account: Account, death: Death) -> None:
    truth = expected(account)
    wanted = {name: truth[name] for name in ("clients", "payment_items", "sat_invoices")}
    assert differences(death.after, wanted) == {}
    assert lasting(death.after) == lasting(death.after.parent / "undisturbed")


def test_the_key_is_in_no_file_nor_in_what_a_journal_holds(account: Account, death: Death) -> None:
    key = key_for(account)
    signature = key.rpartition(".")[2].encode()
    for data_dir in (death.left, death.after):
        files = [path for path in data_dir.rglob("*") if path.is_file()]
        assert {".journal", ".duckdb"} <= {path.suffix for path in files}
        assert [path for path in files if signature in path.read_bytes()] == []
        found = header(data_dir)
        answers = list(response_log.answers(response_logs_dir(data_dir), found.run_id))
        assert len(answers) > 10
        assert not any(signature in body or key in str(origin) for origin, body in answers)
        assert key not in str(found)


def test_slices_are_cut_as_before(watched: Watched, tmp_path: Path) -> None:
    with watched.command(tmp_path, "sat_invoices", page_size=2) as process:
        watched.deadly = lambda n: os.kill(process.pid, signal.SIGKILL) if n == 90 else None
        assert process.wait(60) == -signal.SIGKILL
    watched.deadly = harmless
    data_dir = tmp_path / "data"
    before = kept(data_dir)
    assert any("to=" in request for request in before), "it died before the slices"
    watched.run(data_dir, "sat_invoices", page_size=2)
    again = before & set(watched.asked)
    assert all("from=" not in one and "to=" not in one for one in again), "but to prove the filter"
    assert kept(data_dir) > before


# what dlt was about to do with its files, in the order of a load
BEFORE = {
    "what is extracted is committed": ("os.rename", r"normalize/\w+/[\d.]+"),
    "what is normalized is committed": ("os.rename", r"load/new/[\d.]+"),
    "what was extracted is removed": ("shutil.rmtree", r"normalize/extracted/[\d.]+"),
    "a schema gets its name": ("os.rename", r"schemas/\w+"),
    "tables are made": ("os.remove", r"load/normalized/[\d.]+/schema_updates.json"),
    "a file beside the package gets its name": ("os.rename", r"load/normalized/\w+"),
    "rows that are in are ticked off": ("os.rename", r"started_jobs/payments\..*"),
    "the package is put away": ("os.rename", r"load/normalized/[\d.]+"),
    "what was loaded is removed": ("shutil.rmtree", r"load/loaded/[\d.]+/completed_jobs"),
}


def dead(watched: Watched, where: Path, moment: str) -> Path:
    """What a first load of payments left, after one of users, that was killed at this moment."""
    watched.run(where / "data", "users")
    with watched.command(where, "payments", command=mortal(*BEFORE[moment])) as process:
        assert process.wait(PATIENCE) == -signal.SIGKILL
    return where / "data"


@pytest.mark.parametrize("moment", BEFORE)
def test_a_run_that_died_while_it_loaded_has_nothing_left_to_fetch(
    watched: Watched, account: Account, tmp_path: Path, moment: str
) -> None:
    data_dir = dead(watched, tmp_path, moment)
    report = watched.run(data_dir, "payments")
    assert watched.asked == [f"/teams?limit={PAGE_SIZE}"], "which finds the teams"
    assert dlt_cleanup.pending(data_dir) == 0
    assert {resource.complete_sweep for resource in report.resources} == {True}
    assert report.total("pages") == len(kept(data_dir))
    truth = expected(account)["payments"]
    runs = "select status, rows_changed from ops.runs order by started_at offset 1"
    assert query(data_dir, runs) == [{"status": "ok", "rows_changed": truth.rows}]
    assert [path.name for path in data_dir.glob("pipelines/**/payments.*")] == []
    assert repeated_keys(data_dir) == []
    assert differences(data_dir, {"payments": truth}) == {}


def test_what_a_dead_run_had_not_loaded_is_loaded_by_whatever_run_is_next(
    watched: Watched, account: Account, tmp_path: Path
) -> None:
    data_dir = dead(watched, tmp_path, "rows that are in are ticked off")
    assert dlt_cleanup.pending(data_dir) == 1
    mark = (header(data_dir).started_at - SAFETY_MARGIN).isoformat()
    report = watched.run(data_dir, "services")
    truth = expected(account)
    wanted = {name: truth[name] for name in ("payments", "payment_items", "services")}
    assert differences(data_dir, wanted) == {}
    assert dlt_cleanup.pending(data_dir) == 0
    assert watermarks(data_dir) == {team: {"payments": mark} for team in account.teams}
    runs = "select status, message from ops.runs order by started_at offset 1"
    assert query(data_dir, runs) == [
        NOT_FINISHED,
        {"status": report.status, "message": None},
    ]
