"""What a run keeps of the answers, and what is left of it when the run dies."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.foundation.errors import ConfigurationError
from pipelines.gigstack.api import response_log
from pipelines.gigstack.api.response_log import (
    Header,
    Origin,
    ResponseLog,
    answers,
    begin,
    prune,
    resumable,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUESTION = {"mode": "full", "since": None, "streams": ("invoices", "clients"), "page_size": 100}
INVOICES = Origin("invoices", "team_1", None)
DOCUMENTS = Origin("client_documents", "team_1", "client_1")


def header(run_id: str, *, hours_ago: float = 1, question: dict[str, Any] = QUESTION) -> Header:
    return Header(run_id, NOW - timedelta(hours=hours_ago), question)


def begun(
    directory: Path, run_id: str, *requests: str, hours_ago: float = 1, size: int = 0
) -> ResponseLog:
    """A journal that kept an answer, incompressible and of `size` bytes, for each request."""
    found = begin(directory, header(run_id, hours_ago=hours_ago))
    for request in requests:
        found.append(request, INVOICES, request.encode() + os.urandom(size))
    return found


def resumed(directory: Path) -> ResponseLog:
    found = resumable(directory, QUESTION, NOW)
    assert found
    return found


def names(directory: Path) -> set[str]:
    return {path.stem for path in directory.iterdir()}


def test_a_later_process_finds_what_was_kept_and_goes_on(tmp_path: Path) -> None:
    with closing(begun(tmp_path, "run", "/a?limit=1")) as first:
        first.append("/b", DOCUMENTS, b"")
        assert [first.find(path) for path in ("/a?limit=1", "/b", "/c")] == [
            b"/a?limit=1",
            b"",
            None,
        ]
    with closing(resumed(tmp_path)) as second:
        assert (second.header.run_id, second.header.started_at) == ("run", header("run").started_at)
        second.append("/c", INVOICES, b"c")
        assert [second.find(path) for path in ("/a?limit=1", "/b")] == [b"/a?limit=1", b""]
    with closing(resumed(tmp_path)) as third:
        assert [third.find(path) for path in ("/b", "/c", "/d")] == [b"", b"c", None]


def test_a_page_of_300_kb_comes_back_as_it_was_and_takes_less_room(tmp_path: Path) -> None:
    page = b'{"data":[' + b'{"id":"invoice_1","status":"valid"},' * 8000 + b"null]}"
    assert len(page) > 280_000
    with closing(begun(tmp_path, "run")) as first:
        first.append("/invoices", INVOICES, page)
    assert (tmp_path / "run.journal").stat().st_size < len(page) / 10
    with closing(resumed(tmp_path)) as second:
        assert second.find("/invoices") == page


def test_a_run_killed_at_any_byte_of_an_answer_goes_on_from_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "run.journal"
    begun(tmp_path, "run", "/a").close()
    before = path.stat().st_size
    with closing(resumed(tmp_path)) as found:
        found.append("/b", INVOICES, b"of another page")
    whole = path.read_bytes()
    for size in range(before, len(whole)):
        path.write_bytes(whole[:size])
        with closing(resumed(tmp_path)) as found:
            assert (found.find("/a"), found.find("/b")) == (b"/a", None)
            assert path.stat().st_size == before
            found.append("/b", INVOICES, b"again")
        assert list(answers(tmp_path, "run")) == [(INVOICES, b"/a"), (INVOICES, b"again")]


@pytest.mark.parametrize("tail", [b"\0" * 64, b"\xff" * 64, bytes(range(64))])
def test_a_tail_that_means_nothing_is_cut_off(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "run.journal"
    begun(tmp_path, "run", "/a").close()
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    assert list(answers(tmp_path, "run")) == [(INVOICES, b"/a")]
    with closing(resumed(tmp_path)) as found:
        assert found.find("/a") == b"/a"
    assert path.read_bytes() == whole


def test_an_answer_with_a_wrong_byte_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "run.journal"
    begun(tmp_path, "run", "/a", "/b").close()
    whole = bytearray(path.read_bytes())
    whole[-3] ^= 1
    path.write_bytes(whole)
    with closing(resumed(tmp_path)) as found:
        assert (found.find("/a"), found.find("/b")) == (b"/a", None)


def test_a_process_killed_right_after_it_kept_an_answer_has_left_it(tmp_path: Path) -> None:
    program = f"""
import os, signal
from datetime import datetime, UTC
from pathlib import Path
from pipelines.gigstack.api.response_log import Header, Origin, begin
started_at = datetime.fromisoformat({NOW.isoformat()!r})
found = begin(Path({str(tmp_path)!r}), Header("run", started_at, {QUESTION!r}))
found.append("/a", Origin("invoices", "team_1", None), b"a" * 300_000)
os.kill(os.getpid(), signal.SIGKILL)
"""
    died = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL
    with closing(resumed(tmp_path)) as found:
        assert found.find("/a") == b"a" * 300_000


def test_a_later_process_finds_what_the_run_was_going_to_read(tmp_path: Path) -> None:
    with closing(begun(tmp_path, "run")) as first:
        assert first.plan is None
        first.save_plan(b"everything")
        first.append("/a", INVOICES, b"a")
    with closing(resumed(tmp_path)) as second:
        assert (second.plan, second.find("/a")) == (b"everything", b"a")
    assert list(answers(tmp_path, "run")) == [(INVOICES, b"a")]


def test_only_the_same_question_is_resumed(tmp_path: Path) -> None:
    begun(tmp_path, "run").close()
    assert resumable(tmp_path, QUESTION | {"page_size": 50}, NOW) is None
    assert resumable(tmp_path, QUESTION | {"documents": []}, NOW) is None
    same = resumable(tmp_path, QUESTION | {"streams": ["invoices", "clients"]}, NOW)
    assert same
    same.close()


def test_a_run_of_twelve_hours_ago_is_too_old_to_be_resumed(tmp_path: Path) -> None:
    begun(tmp_path, "run", hours_ago=12).close()
    assert resumable(tmp_path, QUESTION, NOW) is None
    resumed_in_time = resumable(tmp_path, QUESTION, NOW - timedelta(seconds=1))
    assert resumed_in_time
    resumed_in_time.close()


def test_a_finished_run_is_not_resumed_and_can_be_read(tmp_path: Path) -> None:
    begun(tmp_path, "run", "/a").finish()
    assert resumable(tmp_path, QUESTION, NOW) is None
    assert list(answers(tmp_path, "run")) == [(INVOICES, b"/a")]


def test_the_newest_run_is_resumed_and_no_older_one(tmp_path: Path) -> None:
    for run_id, hours_ago in (("b", 3), ("c", 2), ("a", 4)):
        begun(tmp_path, run_id, hours_ago=hours_ago).close()
    with closing(resumed(tmp_path)) as found:
        assert found.header.run_id == "c"
    begun(tmp_path, "d", hours_ago=1).finish()
    assert resumable(tmp_path, QUESTION, NOW) is None


def test_there_may_be_nothing_to_resume(tmp_path: Path) -> None:
    assert resumable(tmp_path / "missing", QUESTION, NOW) is None
    (tmp_path / "empty.journal").touch()
    (tmp_path / "other.journal").write_bytes(os.urandom(100))
    assert resumable(tmp_path, QUESTION, NOW) is None


def test_answers_come_in_order_with_their_origin(tmp_path: Path) -> None:
    with closing(begun(tmp_path, "run", "/b")) as found:
        found.append("/a", DOCUMENTS, b"documents")
    with closing(resumed(tmp_path)) as found:
        found.append("/0", INVOICES, b"last")
    assert list(answers(tmp_path, "run")) == [
        (INVOICES, b"/b"),
        (DOCUMENTS, b"documents"),
        (INVOICES, b"last"),
    ]


def test_a_run_without_a_journal_is_told_with_those_that_have_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Runs that have one: none"):
        answers(tmp_path / "missing", "run")
    begun(tmp_path, "older", hours_ago=2).close()
    begun(tmp_path, "newer").finish()
    with pytest.raises(ConfigurationError, match=r"Run 'run' .*Runs that have one: newer, older"):
        answers(tmp_path, "run")


def test_a_run_has_one_journal_which_only_its_owner_can_read(tmp_path: Path) -> None:
    directory = tmp_path / "data" / "journals"
    begun(directory, "run").close()
    assert directory.stat().st_mode & 0o777 == 0o700
    assert (directory / "run.journal").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        begin(directory, header("run"))


def test_a_journal_that_is_full_keeps_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_log, "MAX_BYTES_PER_RUN", 1000)
    with closing(begun(tmp_path, "run", "/a", "/b", size=1000)) as found:
        assert (found.find("/a") or b"")[:2] == b"/a"
        assert found.find("/b") is None
    assert len(list(answers(tmp_path, "run"))) == 1


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """A disk that takes a part of what is written and then fails, as a full one does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_an_error_and_leaves_what_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "run.journal"
    with closing(begun(tmp_path, "run", "/a", size=1000)) as found:
        before = path.stat().st_size
        with no_file_beyond(before + 500), pytest.raises(OSError, match="too large"):
            found.append("/b", INVOICES, os.urandom(1000))
        assert path.stat().st_size == before
        assert found.find("/b") is None
        found.append("/c", INVOICES, b"c")
    with closing(resumed(tmp_path)) as found:
        assert (found.find("/b"), found.find("/c")) == (None, b"c")


def test_journals_are_deleted_by_age_but_never_the_newest(tmp_path: Path) -> None:
    for run_id, days in (("week", 7), ("older", 8), ("oldest", 30)):
        begun(tmp_path, run_id, hours_ago=24 * days).close()
    prune(tmp_path, NOW)
    assert names(tmp_path) == {"week"}
    prune(tmp_path, NOW + timedelta(days=99))
    assert names(tmp_path) == {"week"}


def test_the_oldest_journals_are_deleted_beyond_so_many_bytes(tmp_path: Path) -> None:
    for hours_ago, run_id in enumerate(("newest", "second", "third", "fourth")):
        begun(tmp_path, run_id, "/a", hours_ago=hours_ago, size=10_000).close()
    prune(tmp_path, NOW, max_bytes=25_000)
    assert names(tmp_path) == {"newest", "second"}
    prune(tmp_path, NOW, max_bytes=1)
    assert names(tmp_path) == {"newest"}


def test_what_cannot_be_read_is_deleted_by_the_age_of_its_file(tmp_path: Path) -> None:
    begun(tmp_path, "run", hours_ago=24 * 30).close()
    for name, days in (("young", 1), ("old", 8)):
        path = tmp_path / f"{name}.journal"
        path.write_bytes(b"not a journal")
        os.utime(path, times=((NOW - timedelta(days=days)).timestamp(),) * 2)
    prune(tmp_path, NOW)
    assert names(tmp_path) == {"run", "young"}


def test_nothing_to_delete_is_no_error(tmp_path: Path) -> None:
    prune(tmp_path / "missing", NOW)
