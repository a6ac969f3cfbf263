"""A warehouse file that is mostly free space is replaced by a compact copy with the same rows."""

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import warehouse
from pipelines.foundation.errors import WarehouseError
from pipelines.foundation.paths import compacted_path, warehouse_path
from pipelines.foundation.privacy import open_to_others
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import Account
from pipelines.warehouse import compaction, copying
from pipelines.warehouse.compaction import compact
from tests.pipelines.conftest import Loaded
from tests.pipelines.killing import killed_everywhere
from tests.pipelines.loads import contents, differences, run, settings_for
from tests.transform.conftest import Built

BLOAT = (  # free space in the middle, which DuckDB does not give back
    "create table ops.large as select range as a, hash(range)::varchar as b from range({rows})",
    "checkpoint",
    "create table ops.small as from range(9)",
    "checkpoint",
    "drop table ops.large",
    "checkpoint",
)
READER = """
import duckdb, sys
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    for line in sys.stdin:
        print(connection.execute(line).fetchall(), flush=True)
"""
OBJECTS = (
    "select schema_name, table_name, sql, comment from duckdb_tables() where not internal",
    "select schema_name, view_name, sql, comment from duckdb_views() where not internal",
    "select schema_name, table_name, column_name, comment from duckdb_columns() where not internal",
    "select constraint_text, table_name from duckdb_constraints()",
)


@pytest.fixture(scope="module", autouse=True)
def _private() -> Iterator[None]:
    """As for every command."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def bloat(data_dir: Path, rows: int = 2_000_000) -> int:
    """Make the file more than twice as large as what it holds; its size."""
    with warehouse.connect(data_dir) as connection:
        for statement in BLOAT:
            connection.execute(statement.format(rows=rows))
    return warehouse_path(data_dir).stat().st_size


@pytest.fixture
def bloated(loaded_copy: Path) -> Path:
    bloat(loaded_copy)
    return loaded_copy


def test_it_becomes_small_and_holds_the_same(loaded: Loaded, bloated: Path) -> None:
    path = warehouse_path(bloated)
    path.chmod(0o600)
    before = path.stat().st_size
    done = compact(bloated, 1)
    assert done
    assert done.before == before > 2 * done.after
    assert done.after == path.stat().st_size
    assert contents(bloated) == contents(loaded.data_dir)
    assert open_to_others(path) == []
    assert compact(bloated, 1) is None


def test_what_is_small_or_full_is_left_alone(bloated: Path) -> None:
    assert compact(bloated) is None  # below the size that is worth it
    assert compact(bloated, 1)
    inode = warehouse_path(bloated).stat().st_ino
    assert compact(bloated, 1) is None
    assert warehouse_path(bloated).stat().st_ino == inode


def test_models_views_and_comments_come_along(built: Built, data_dir: Path) -> None:
    shutil.copytree(built.data_dir, data_dir)

    def objects() -> list[list[tuple[object, ...]]]:
        with warehouse.connect(data_dir, read_only=True) as connection:
            return [sorted(connection.execute(q).fetchall(), key=str) for q in OBJECTS]

    bloat(data_dir, rows=12_000_000)
    before = objects()
    assert all(before)
    assert compact(data_dir, 1)
    assert objects() == before


def test_a_load_does_it_at_its_end(
    account: Account, base_url: str, bloated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction.is_bloated, "__defaults__", (1,))
    monkeypatch.setattr(compaction.compact, "__defaults__", (1,))
    before = warehouse_path(bloated).stat().st_size
    assert run(settings_for(account, base_url), bloated).status == "ok"
    assert warehouse_path(bloated).stat().st_size * 2 < before
    assert differences(bloated, expected(account)) == {}
    assert run(settings_for(account, base_url), bloated).total("rows_changed") == 0


def test_a_reader_keeps_the_file_that_it_has_open(bloated: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(warehouse_path(bloated))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdin
        assert reader.stdout
        for attempt in range(2):
            reader.stdin.write("select count(*) from ops.small\n")
            reader.stdin.flush()
            assert reader.stdout.readline() == "[(9,)]\n"
            assert bool(compact(bloated, 1)) == (attempt == 0)


def test_a_copy_that_differs_is_thrown_away(
    bloated: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def differ(*_: object) -> None:
        raise WarehouseError("gigstack.clients has 1 rows, and must have 2.")

    monkeypatch.setattr(copying, "check_rows", differ)
    before = warehouse_path(bloated).stat()
    with caplog.at_level(logging.WARNING):
        assert compact(bloated, 1) is None
    assert "The warehouse was not compacted: gigstack.clients has 1 rows" in caplog.text
    assert warehouse_path(bloated).stat().st_ino == before.st_ino
    assert not compacted_path(bloated).exists()


def test_a_killed_compaction_leaves_the_old_file_or_the_new_one(
    loaded: Loaded, tmp_path: Path
) -> None:
    base = tmp_path / "base"
    shutil.copytree(loaded.data_dir, base / "data")
    before = bloat(base / "data")
    where = tmp_path / "killed"
    killed, _ = killed_everywhere("pipelines.warehouse.compaction", "compact", base, where, 6)
    assert len(killed) > 6
    wanted, outcomes = contents(loaded.data_dir), set()
    for directory in killed:
        data_dir = directory / "data"
        outcomes.add(warehouse_path(data_dir).stat().st_size < before)
        assert contents(data_dir) == wanted
        compact(data_dir, 1)
        assert contents(data_dir) == wanted
        assert warehouse_path(data_dir).stat().st_size * 2 < before
        assert not list(data_dir.glob("warehouse.compacted*"))
        shutil.rmtree(directory)
    assert outcomes == {True, False}
