"""Publications that are killed, at points all over their duration."""

import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.foundation.paths import published_dir
from pipelines.publish.publication import last_publication, publish
from tests.pipelines.commands import PATIENCE, environment
from tests.pipelines.conftest import Loaded
from tests.pipelines.published import add_models, faults
from tests.pipelines.warm import SAID, Warm, warm

POINTS = 10
TRIES = 4


def points(seed: int) -> list[float]:
    """Where to kill, as parts of a publication's duration: a random point of each tenth of it."""
    dice = random.Random(seed)  # noqa: S311 - a game, not a secret
    return [(tenth + dice.random()) / POINTS for tenth in range(POINTS)]


@dataclass(frozen=True)
class Left:
    """What a publication that was killed has left, and what was there before."""

    before: int
    after: int
    faults: list[str]


def run(lane: Warm, where: Path, seconds: float = PATIENCE) -> tuple[float, int]:
    """Publish, and kill it so many seconds after it took the lock; seconds and exit code."""
    lock = where / "data/load.lock"
    lock.unlink(missing_ok=True)  # of a run that is over
    process = lane.start(where, "publish", env=environment())
    end = time.monotonic() + PATIENCE
    while not lock.exists():
        assert time.monotonic() < end, (where / SAID).read_text(encoding="utf-8")
        time.sleep(0.002)
    began = time.monotonic()
    try:
        code = lane.wait(seconds)
    except TimeoutError:
        with suppress(ProcessLookupError):  # it ended just now
            os.kill(process, signal.SIGKILL)
        code = lane.wait()
    return time.monotonic() - began, code


def killed(lane: Warm, where: Path, part: float, seconds: float) -> Left:
    """Publish until one is killed before it has come to its end."""
    for _ in range(TRIES):
        before = last_publication(where / "data")
        took, code = run(lane, where, part * seconds)
        after = last_publication(where / "data")
        assert before
        assert after
        if code:
            assert code == -signal.SIGKILL
            return Left(before.number, after.number, faults(where / "data"))
        seconds = took * 0.9  # it was over before its end came
    raise AssertionError(f"no publication of {TRIES} lasted until {part} of it")


@pytest.fixture(scope="module")
def campaign(
    loaded: Loaded, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[list[Left], Path]]:
    """One data directory, and publications into it that are killed one after the other."""
    where = tmp_path_factory.mktemp("killed")
    shutil.copytree(loaded.data_dir, where / "data")
    add_models(where / "data")
    publish(where / "data")
    with warm(where, environment()) as lane:
        seconds, code = run(lane, where)
        assert code == 0
        yield [killed(lane, where, part, seconds) for part in points(seed=4)], where / "data"


def test_the_published_version_is_the_old_or_the_new_one_and_whole(
    campaign: tuple[list[Left], Path],
) -> None:
    outcomes, _ = campaign
    assert len(outcomes) == POINTS
    for left in outcomes:
        assert left.faults == []
        assert left.after >= left.before
    assert any(left.after == left.before for left in outcomes)


def test_the_next_publication_clears_away_what_was_left(
    campaign: tuple[list[Left], Path],
) -> None:
    _, data_dir = campaign
    last = publish(data_dir)
    names = {path.name for path in published_dir(data_dir).iterdir()}
    assert names == {
        *("analytics.duckdb", "current", "data_dictionary.csv", "manifest.json", "parquet"),
        "versions",
    }
    versions = sorted(path.name for path in (published_dir(data_dir) / "versions").iterdir())
    assert versions[-1] == f"{last.number:06}"
    assert len(versions) <= 4
    assert all(name.isdigit() for name in versions)
    assert not (data_dir / "spilled").exists()
    assert faults(data_dir) == []
