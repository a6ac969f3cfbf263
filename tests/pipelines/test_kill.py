"""Loads that are killed, at points all over their duration, and the one load after.

What is left must be what a load that never died leaves, but for the times of the runs themselves.
"""

import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from pipelines.gigstack.endpoints import ENTITIES
from pipelines.load import dlt_cleanup
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import Account
from tests.pipelines.commands import PATIENCE, access, environment
from tests.pipelines.loads import differences, lasting, lookback, query, repeated_keys
from tests.pipelines.warm import SAID, Warm, warm

FIRST_POINTS, NIGHTLY_POINTS = 13, 7
TWICE = (2, 5, 9)  # of the points: those where the load after is killed as well
TRIES = 4
DAYS = 3
# every way of paging, windows, children, links, and what vanishes; all streams take twice as long
RESOURCES = (
    "clients",
    "support_documents",
    "invoices",
    "invoice_drafts",
    "webhooks",
    "cfdi_errors",
    "sat_invoices",
)
LOAD = ("load", "--team", "all", *(part for name in RESOURCES for part in ("--resource", name)))
LOADED = {table.name for name in RESOURCES for table in ENTITIES[name].tables}


def points(number: int, seed: int) -> list[tuple[float, ...]]:
    """Where to kill, as parts of a load's duration: a random point of each stretch of it."""
    dice = random.Random(seed)  # noqa: S311 - a game, not a secret
    firsts = [(stretch + dice.random()) / number for stretch in range(number)]
    return [(at, dice.random()) if n in TWICE else (at,) for n, at in enumerate(firsts)]


@dataclass(frozen=True)
class Field:
    """Where loads run: the API, the data directory that they begin with, and their duration."""

    env: dict[str, str]
    base: Path | None
    seconds: float = 0.0

    def begin(self, where: Path) -> Path:
        """Lay out a working directory, with what was loaded before; its data directory."""
        where.mkdir(parents=True)
        if self.base:
            shutil.copytree(self.base, where / "data")
        return where / "data"


@dataclass(frozen=True)
class KilledLoad:
    """What became of a data directory, and how the last load ended."""

    data_dir: Path
    code: int
    said: str


def load(lane: Warm, field: Field, where: Path, at: float = PATIENCE) -> tuple[float, int]:
    """Run a load, and kill it so many seconds after it took the lock; seconds and exit code."""
    lock = where / "data/load.lock"
    lock.unlink(missing_ok=True)  # of a run that is over
    process = lane.start(where, *LOAD, env=environment(**field.env))
    began = time.monotonic()
    while not lock.exists():
        assert time.monotonic() - began < PATIENCE, (where / SAID).read_text(encoding="utf-8")
        time.sleep(0.005)
    began = time.monotonic()
    try:
        code = lane.wait(at)
    except TimeoutError:
        with suppress(ProcessLookupError):  # it ended just now
            os.kill(process, signal.SIGKILL)
        code = lane.wait()
    return time.monotonic() - began, code


def killed(lane: Warm, field: Field, where: Path, kills: tuple[float, ...]) -> KilledLoad:
    """Kill a load at each of these points in turn, and then load once more."""
    seconds = field.seconds
    for attempt in range(TRIES):
        tried = where / str(attempt)
        data_dir = field.begin(tried)
        for part in kills:
            took, code = load(lane, field, tried, part * seconds)
            if code != -signal.SIGKILL:
                break
        else:
            _, code = load(lane, field, tried)
            return KilledLoad(data_dir, code, (tried / SAID).read_text(encoding="utf-8"))
        assert code == 0, f"the load after a kill ended with exit code {code}"
        seconds = took * 0.9  # it was over before its end came: others left it the machine
    raise AssertionError(f"no load of {TRIES} lasted until {kills} of it")


def undisturbed(lane: Warm, field: Field, where: Path) -> tuple[float, Path]:
    """A load that is left alone: how long it takes, and its data directory."""
    data_dir = field.begin(where)
    seconds, code = load(lane, field, where)
    assert code == 0
    return seconds, data_dir


@dataclass(frozen=True)
class Campaign:
    """Loads that never died, and those that did, by where they were killed."""

    undisturbed: list[Path]
    outcomes: dict[tuple[float, ...], KilledLoad]


def campaign(field: Field, where: Path, points: list[tuple[float, ...]]) -> Campaign:
    """Undisturbed loads, to know how long one takes, and then all others; two at a time."""
    lanes: SimpleQueue[Warm] = SimpleQueue()

    def alone(number: int) -> tuple[float, Path]:
        with borrowed(lanes) as lane:
            return undisturbed(lane, field, where / f"undisturbed {number}")

    def dead(kills: tuple[float, ...]) -> KilledLoad:
        with borrowed(lanes) as lane:
            return killed(lane, measured, where / str(kills), kills)

    with (
        warm(where, environment()) as one,
        warm(where, environment()) as other,
        ThreadPoolExecutor(2) as side_by_side,
    ):
        lanes.put(one)
        lanes.put(other)
        seconds, data_dirs = zip(*side_by_side.map(alone, range(2)), strict=True)
        measured = replace(field, seconds=sum(seconds) / len(seconds))
        outcomes = side_by_side.map(dead, points)
        return Campaign(list(data_dirs), dict(zip(points, outcomes, strict=True)))


@contextmanager
def borrowed(lanes: "SimpleQueue[Warm]") -> Iterator[Warm]:
    lane = lanes.get()
    try:
        yield lane
    finally:
        lanes.put(lane)


def variables(account: Account, url: str) -> dict[str, str]:
    """What reaches an account; few records a page, and a short look-back, make many requests."""
    return access(account, url) | {
        "SOURCES__GIGSTACK__PAGE_SIZE": "10",
        "SOURCES__GIGSTACK__LOOKBACK_DAYS": str(lookback(account, days=20)),
    }


FIRST = points(FIRST_POINTS, seed=11)
NIGHTLY = points(NIGHTLY_POINTS, seed=12)


@pytest.fixture(scope="module")
def first(account: Account, base_url: str, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """Kills of the first load of an account."""
    field = Field(variables(account, base_url), None)
    return campaign(field, tmp_path_factory.mktemp("first"), FIRST)


@pytest.fixture(scope="module")
def later(account_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The same account, a few days later."""
    path = tmp_path_factory.mktemp("later") / "account.sqlite"
    shutil.copy(account_file, path)
    with Account.open(path) as account:
        account.advance(DAYS)
        place, _ = next(account.store.objects(0, "clients"))
        account.store.begin()
        account.store.remove(place)  # something that is no longer listed
        account.store.commit()
        yield account


@pytest.fixture(scope="module")
def nightly(
    later: Account, first: Campaign, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Campaign]:
    """Kills of the incremental load of those days."""
    with serving(create_app(later)) as url:
        field = Field(variables(later, url), first.undisturbed[0])
        yield campaign(field, tmp_path_factory.mktemp("nightly"), NIGHTLY)


def checked_documents(data_dir: Path) -> list[dict[str, Any]]:
    return query(data_dir, "select * exclude (checked_at) from ops.document_checks order by all")


@cache
def lasting_of(reference: Path) -> dict[str, list[tuple[Any, ...]]]:
    return lasting(reference)


def is_as_if_nothing_had_happened(outcome: KilledLoad, reference: Path) -> None:
    data_dir = outcome.data_dir
    assert outcome.code == 0, outcome.said
    assert dlt_cleanup.pending(data_dir) == 0
    assert repeated_keys(data_dir) == []
    left, wanted = lasting(data_dir), lasting_of(reference)
    assert left.keys() == wanted.keys()
    assert [name for name in wanted if left[name] != wanted[name]] == []
    assert checked_documents(data_dir) == checked_documents(reference)
    assert query(data_dir, "select distinct status from ops.runs") == [{"status": "ok"}]


def test_loads_that_never_died_are_equal_and_not_empty(
    account: Account, first: Campaign, nightly: Campaign
) -> None:
    for one, other in (first.undisturbed, nightly.undisturbed):
        assert lasting(one) == lasting(other)
    truth = {name: table for name, table in expected(account).items() if name in LOADED}
    assert differences(first.undisturbed[0], truth) == {}
    (night,) = query(
        nightly.undisturbed[0],
        "select rows_changed, rows_deleted from ops.runs order by started_at desc limit 1",
    )
    assert night["rows_changed"] > 10
    assert night["rows_deleted"] > 0


@pytest.mark.parametrize("kills", FIRST, ids=str)
def test_a_first_load_that_was_killed_is_finished_by_the_next(
    kills: tuple[float, ...], first: Campaign
) -> None:
    is_as_if_nothing_had_happened(first.outcomes[kills], first.undisturbed[0])


@pytest.mark.parametrize("kills", NIGHTLY, ids=str)
def test_an_incremental_load_that_was_killed_is_finished_by_the_next(
    kills: tuple[float, ...], nightly: Campaign
) -> None:
    is_as_if_nothing_had_happened(nightly.outcomes[kills], nightly.undisturbed[0])
