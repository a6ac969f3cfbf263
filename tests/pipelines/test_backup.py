"""Backups are whole or do not count; what is restored is what was backed up, and loads go on."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines import warehouse
from pipelines.foundation.errors import ConfigurationError, WarehouseBusyError, WarehouseError
from pipelines.foundation.lock import exclusive_run
from pipelines.foundation.paths import dlt_dir, pii_key_path, warehouse_path
from pipelines.foundation.privacy import open_to_others
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import Account
from pipelines.warehouse.backup import MANIFEST, back_up, backups_in, last_backup
from pipelines.warehouse.migrations import SCHEMA_VERSION
from pipelines.warehouse.restore import ASIDE, restore
from tests.pipelines.commands import cli
from tests.pipelines.conftest import Loaded
from tests.pipelines.killing import killed_everywhere
from tests.pipelines.loads import (
    contents,
    differences,
    lookback,
    query,
    repeated_keys,
    run,
    settings_for,
    tables_in,
    watermarks,
)

READER = """
import duckdb, sys
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    for line in sys.stdin:
        print(connection.execute(line).fetchall(), flush=True)
"""
WRITER = """
import duckdb, os, signal, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("create table ops.late as from range(7)")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module", autouse=True)
def _private() -> Iterator[None]:
    """As for every command."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def everything(data_dir: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    found = contents(data_dir)
    for name in sorted(tables_in(data_dir, "ops")):
        rows = query(data_dir, f"from ops.{name} order by all")
        found[f"ops.{name}"] = [tuple(row.values()) for row in rows]
    return found


def test_what_is_restored_is_what_was_backed_up(loaded_copy: Path, to: Path) -> None:
    (loaded_copy / "api.json").write_text("{}")
    pii_key_path(loaded_copy).write_text("secret")
    before = everything(loaded_copy)
    backup = back_up(loaded_copy, to)
    assert backup.rows > sum(len(rows) for rows in before.values()) > 1000
    elsewhere = to.parent / "elsewhere"
    restored = restore(elsewhere, to)
    assert restored.aside is None
    assert restored.backup.path == backup.path
    assert everything(elsewhere) == before
    assert (elsewhere / "api.json").read_text() == "{}"
    assert pii_key_path(elsewhere).read_text() == "secret"
    assert open_to_others(to) == []
    assert open_to_others(elsewhere) == []


def test_readers_go_on_reading(loaded_copy: Path, to: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(warehouse_path(loaded_copy))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdin
        assert reader.stdout
        for _ in range(2):
            reader.stdin.write("select count(*) > 0 from gigstack.clients\n")
            reader.stdin.flush()
            assert reader.stdout.readline() == "[(True,)]\n"
            back_up(loaded_copy, to)
    assert len(backups_in(to)) == 2


def test_what_a_killed_process_had_written_is_in_the_backup(loaded_copy: Path, to: Path) -> None:
    path = warehouse_path(loaded_copy)
    done = subprocess.run([sys.executable, "-c", WRITER, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.with_name(f"{path.name}.wal").exists()
    backup = back_up(loaded_copy, to)
    assert not list(backup.path.glob("*.wal"))
    restore(to.parent / "elsewhere", to)
    assert len(query(to.parent / "elsewhere", "from ops.late")) == 7


def test_the_oldest_go_beyond_the_number_that_is_kept(
    loaded_copy: Path, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKUP__KEEP", "2")
    made = [back_up(loaded_copy, to).path for _ in range(4)]
    assert backups_in(to) == made[-2:]
    assert sorted(path.name for path in to.iterdir()) == [".lock", *(p.name for p in made[-2:])]


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_a_number_that_makes_no_sense_is_refused(
    loaded_copy: Path, to: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("BACKUP__KEEP", value)
    with pytest.raises(ConfigurationError):
        back_up(loaded_copy, to)
    assert not to.exists()


def test_neither_runs_beside_a_load(loaded_copy: Path, to: Path) -> None:
    back_up(loaded_copy, to)
    with exclusive_run(loaded_copy):
        with pytest.raises(WarehouseBusyError):
            back_up(loaded_copy, to)
        with pytest.raises(WarehouseBusyError):
            restore(loaded_copy, to)


def _cut(backup: Path) -> None:
    os.truncate(backup / "warehouse.duckdb", 5_000_000)


def _change(backup: Path) -> None:
    with (backup / "warehouse.duckdb").open("r+b") as file:
        file.seek(6_000_000)
        file.write(b"x" * 100)


def _lose(backup: Path) -> None:
    (backup / "warehouse.duckdb").unlink()


def _spoil(backup: Path) -> None:
    (backup / MANIFEST).write_bytes(b"{")


def _edit(backup: Path, **values: object) -> None:
    content = json.loads((backup / MANIFEST).read_bytes())
    (backup / MANIFEST).write_text(json.dumps(content | values))


def _of_a_later_release(backup: Path) -> None:
    _edit(backup, schema_version=SCHEMA_VERSION + 1)


def _with_other_rows(backup: Path) -> None:
    _edit(backup, tables={"gigstack.clients": 1_000_000})


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (_cut, "warehouse.duckdb is not what was written"),
        (_change, "warehouse.duckdb is not what was written"),
        (_lose, "warehouse.duckdb is missing"),
        (_spoil, "manifest.json cannot be read"),
        (_of_a_later_release, "A later release of gigstack-etl has written"),
        (_with_other_rows, "and must have"),
    ],
)
def test_a_damaged_backup_is_refused_and_changes_nothing(
    loaded_copy: Path, to: Path, damage: Any, reason: str
) -> None:
    back_up(loaded_copy, to)
    newest = back_up(loaded_copy, to)
    damage(newest.path)
    before, names = everything(loaded_copy), sorted(loaded_copy.rglob("*"))
    with pytest.raises(WarehouseError, match=reason):
        restore(loaded_copy, to)
    assert everything(loaded_copy) == before
    assert sorted(loaded_copy.rglob("*")) == names
    restore(loaded_copy, backups_in(to)[0])


def test_a_backup_of_the_other_mode_is_refused(loaded_copy: Path, to: Path) -> None:
    backup = back_up(loaded_copy, to)
    held = json.loads((backup.path / MANIFEST).read_bytes())["livemode"]
    _edit(backup.path, livemode=not held)
    with pytest.raises(ConfigurationError, match="Name another --data-dir"):
        restore(loaded_copy, to)
    assert not list(loaded_copy.glob(f"{ASIDE}*"))


def test_there_must_be_a_backup(loaded_copy: Path, to: Path) -> None:
    (to / "20261201T000000Z.partial").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="holds no complete backup"):
        restore(loaded_copy, to)


def test_loads_go_on_from_the_restored_warehouse(
    own_account: Account, loaded_copy: Path, to: Path
) -> None:
    """What came after the backup comes again, though dlt and the log of answers know it."""
    with serving(create_app(own_account)) as url:
        settings = settings_for(own_account, url, lookback_days=lookback(own_account, 3))
        before = watermarks(loaded_copy)
        back_up(loaded_copy, to)
        own_account.advance(2)
        assert run(settings, loaded_copy).total("rows_changed") > 0
        assert watermarks(loaded_copy) != before
        restored = restore(loaded_copy, to)
        assert watermarks(loaded_copy) == before
        report = run(settings, loaded_copy)
        assert (report.status, report.total("rows_changed") > 0) == ("ok", True)
        assert differences(loaded_copy, expected(own_account)) == {}
        assert repeated_keys(loaded_copy) == []
        assert run(settings, loaded_copy).total("rows_changed") == 0
    assert restored.aside
    kept = {path.name for path in restored.aside.iterdir()}
    assert kept == {"journal", "pipelines", "warehouse.duckdb"}


def test_it_takes_the_place_of_a_warehouse_that_cannot_be_opened(
    loaded: Loaded, loaded_copy: Path, to: Path
) -> None:
    back_up(loaded_copy, to)
    warehouse_path(loaded_copy).write_bytes(b"garbage" * 10_000)
    (loaded_copy / "warehouse.duckdb.wal").write_bytes(b"garbage")
    restored = restore(loaded_copy, to)
    assert everything(loaded_copy) == everything(loaded.data_dir)
    assert restored.aside
    assert (restored.aside / "warehouse.duckdb").read_bytes() == b"garbage" * 10_000
    assert not (loaded_copy / "warehouse.duckdb.wal").exists()


def test_the_commands_and_status_tell_of_it(loaded_copy: Path, to: Path) -> None:
    where = loaded_copy.parent
    assert "There is no backup yet" in cli(where, "status").stdout
    done = cli(where, "backup", "--to", "backups")
    assert (done.returncode, done.stderr) == (0, "")
    backup = last_backup(loaded_copy)
    assert backup
    assert abs((datetime.now(UTC) - backup.made_at).total_seconds()) < 60
    assert f"Backup: {backup.path} (" in done.stdout
    assert f"in {backup.path}.\n" in cli(where, "status").stdout
    done = cli(where, "restore", "--from", "backups", "--json")
    assert done.returncode == 0, done.stderr
    assert (where / json.loads(done.stdout)["aside"]).is_dir()
    assert "Restored: " in cli(where, "restore", "--from", "backups").stdout
    shutil.rmtree(to)
    assert "It is not there any more." in cli(where, "status").stdout
    done = cli(where, "restore", "--from", "backups")
    assert (done.returncode, done.stderr) == (2, "Error: backups holds no complete backup.\n")


@pytest.fixture(scope="module")
def base(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory, and a backup of it."""
    where = tmp_path_factory.mktemp("base")
    shutil.copytree(loaded.data_dir, where / "data")
    (where / "data/api.json").write_text("{}")
    back_up(where / "data", where / "backups")
    return where


def test_a_killed_backup_is_no_backup(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKUP__KEEP", "1")
    killed, whole = killed_everywhere("pipelines.warehouse.backup", "back_up", base, tmp_path, 4)
    assert len(killed) > 20
    wanted = everything(base / "data")
    numbers = set()
    for where in killed:
        found = backups_in(where / "backups")
        numbers.add(len(found))
        assert found[:1] == [where / "backups" / path.name for path in backups_in(base / "backups")]
        for number, path in enumerate(found):
            restore(where / f"restored {number}", path)
            assert everything(where / f"restored {number}") == wanted
        assert everything(where / "data") == wanted
        last = back_up(where / "data", where / "backups")
        assert [path.name for path in (where / "backups").iterdir()] != []
        assert sorted(path.name for path in (where / "backups").iterdir()) == [
            ".lock",
            last.path.name,
        ]
        shutil.rmtree(where)
    assert numbers == {1, 2}
    assert len(backups_in(whole / "backups")) == 2


def test_a_killed_restore_leaves_the_old_warehouse_or_the_new_one(
    account: Account, base_url: str, base: Path, tmp_path: Path
) -> None:
    """The old one has a table more, which tells them apart."""
    before = tmp_path / "before"
    shutil.copytree(base, before)
    with warehouse.connect(before / "data") as connection:
        connection.execute("create table ops.late as from range(7)")
    where = tmp_path / "killed"
    killed, whole = killed_everywhere("pipelines.warehouse.restore", "restore", before, where, 4)
    assert len(killed) > 15
    wanted, outcomes = contents(base / "data"), set()
    for number, directory in enumerate(killed):
        data_dir = directory / "data"
        assert contents(data_dir) == wanted
        outcomes.add("late" in tables_in(data_dir, "ops"))
        if number % 5 == 0:
            report = run(settings_for(account, base_url), data_dir)
            assert (report.status, report.total("rows_changed")) == ("ok", 0)
        restore(data_dir, directory / "backups")
        assert "late" not in tables_in(data_dir, "ops")
        assert not (data_dir / "restore.partial").exists()
        assert not dlt_dir(data_dir).exists()
        shutil.rmtree(directory)
    assert outcomes == {True, False}
    assert "late" not in tables_in(whole / "data", "ops")
