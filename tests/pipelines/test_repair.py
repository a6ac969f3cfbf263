"""`gigstack-etl repair` mends what can be mended, says it, and asks before it removes anything."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from dlt.load import Load
from dlt.pipeline.exceptions import PipelineStepFailed

from pipelines import warehouse
from pipelines.foundation.errors import WarehouseBusyError, WarehouseError
from pipelines.foundation.lock import exclusive_run
from pipelines.foundation.paths import dlt_dir, published_dir
from pipelines.load import dlt_cleanup
from pipelines.monitoring.repair import Repair, repair
from pipelines.publish.publication import publish
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import Account
from tests.pipelines.commands import cli
from tests.pipelines.conftest import Loaded
from tests.pipelines.loads import (
    contents,
    differences,
    query,
    run,
    settings_for,
    tables_in,
    watermarks,
)

LEFTOVERS = (
    "spilled/part.tmp",
    "warehouse.duckdb.tmp/part.tmp",
    "warehouse.compacted",
    "warehouse.compacted.wal",
    "restore.partial/warehouse.duckdb",
    "published/versions/000002.partial/manifest.json",
    ".backup.json.new",
)


@pytest.fixture(scope="module", autouse=True)
def _private() -> Iterator[None]:
    """As for every command."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture(scope="module")
def published(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("repaired") / "data"
    shutil.copytree(loaded.data_dir, where)
    publish(where)
    mend(where)  # what the umask of the tests left open
    return where


@pytest.fixture
def healthy(published: Path, data_dir: Path) -> Path:
    shutil.copytree(published, data_dir, symlinks=True)
    return data_dir


def mend(data_dir: Path) -> Repair:
    return repair(data_dir, lambda _: True)


def leave(data_dir: Path) -> list[Path]:
    """What killed processes leave."""
    for name in LEFTOVERS:
        (data_dir / name).parent.mkdir(exist_ok=True, mode=0o700)
        (data_dir / name).touch(mode=0o600)
    return [data_dir / name for name in LEFTOVERS]


def test_what_is_healthy_is_left_alone(healthy: Path) -> None:
    before = contents(healthy)
    done = cli(healthy.parent, "repair")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Nothing to mend.\n", "")
    assert contents(healthy) == before


def test_missing_tables_and_columns_are_made(
    account: Account, base_url: str, healthy: Path
) -> None:
    with warehouse.connect(healthy) as connection:
        connection.execute("drop table gigstack.invoice_items")
        connection.execute("alter table gigstack.payments drop column extra")
        connection.execute("drop table ops.alerts")
    assert [line.partition(":")[0] for line in mend(healthy).mended] == [
        "ops.alerts",
        "gigstack.payments.extra",
        "gigstack.invoice_items",
    ]
    assert "alerts" in tables_in(healthy, "ops")
    assert run(settings_for(account, base_url), healthy).status == "ok"
    assert differences(healthy, expected(account)) == {}


def test_the_state_of_dlt_is_taken_from_the_warehouse(healthy: Path) -> None:
    before = watermarks(healthy)
    shutil.rmtree(dlt_dir(healthy))
    assert mend(healthy).mended == ["dlt's state was missing: taken from the warehouse."]
    assert (dlt_dir(healthy) / dlt_cleanup.PIPELINE / "state.json").exists()
    assert watermarks(healthy) == before
    assert mend(healthy).mended == []


def test_files_that_dlt_cannot_read_are_set_aside_and_named_from_then_on(healthy: Path) -> None:
    before = watermarks(healthy)
    (dlt_dir(healthy) / dlt_cleanup.PIPELINE / "state.json").write_bytes(b"garbage")
    result = mend(healthy)
    assert result.mended[0].startswith("dlt could not read its own files")
    assert watermarks(healthy) == before
    (aside,) = result.set_aside
    assert mend(healthy) == Repair(set_aside=[aside])
    done = cli(healthy.parent, "repair", "--yes")
    assert (done.returncode, "Kept aside: " in done.stdout, aside.exists()) == (0, True, True)


@pytest.fixture
def interrupted(
    account: Account, base_url: str, healthy: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A load that died when its rows were ready to be loaded."""
    with warehouse.connect(healthy) as connection:
        connection.execute("delete from gigstack.services")
        connection.execute("delete from gigstack.service_taxes")

    def die(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched, pytest.raises(PipelineStepFailed):
        patched.setattr(Load, "run", die)
        run(settings_for(account, base_url), healthy)
    assert dlt_cleanup.pending(healthy) == 1
    assert query(healthy, "from gigstack.services") == []
    return healthy


def test_pending_packages_are_loaded(account: Account, base_url: str, interrupted: Path) -> None:
    assert "1 pending load package of an interrupted run: loaded." in mend(interrupted).mended
    assert dlt_cleanup.pending(interrupted) == 0
    assert differences(interrupted, expected(account)) == {}
    assert run(settings_for(account, base_url), interrupted).status == "ok"


def test_a_package_that_cannot_be_loaded_is_set_aside(
    account: Account, base_url: str, interrupted: Path
) -> None:
    for file in (dlt_dir(interrupted) / "gigstack/load/normalized").rglob("*.parquet"):
        file.write_bytes(b"garbage")
    (line,) = [line for line in mend(interrupted).mended if "package" in line]
    assert line.startswith("1 pending load package cannot be loaded: set aside")
    assert dlt_cleanup.pending(interrupted) == 0
    assert query(interrupted, "from gigstack.services") == []
    assert run(settings_for(account, base_url), interrupted).status == "ok"
    assert differences(interrupted, expected(account)) == {}


def test_links_of_published_files_are_made_anew(healthy: Path) -> None:
    published = published_dir(healthy)
    (published / "current").unlink()
    (published / "manifest.json").unlink()
    (line,) = mend(healthy).mended
    assert line.endswith("led nowhere: made anew, to version 000001.")
    assert (published / "manifest.json").read_bytes()


def test_what_is_no_link_needs_a_person(healthy: Path) -> None:
    (published_dir(healthy) / "current").unlink()
    (published_dir(healthy) / "current").mkdir(mode=0o700)
    done = cli(healthy.parent, "repair", "--yes")
    assert (done.returncode, "is no link. Move it away" in done.stdout) == (3, True)


def test_what_others_could_read_is_closed(healthy: Path) -> None:
    for path in (healthy, healthy / "warehouse.duckdb", healthy / "journal"):
        path.chmod(path.stat().st_mode | 0o044)
    (line,) = mend(healthy).mended
    assert line == "Others could read data, data/journal, data/warehouse.duckdb: closed."
    found = [healthy, *healthy.rglob("*")]
    open_ones = [p for p in found if not p.is_symlink() and stat.S_IMODE(p.stat().st_mode) & 0o077]
    assert open_ones == []


def test_leftovers_are_removed_only_with_consent(healthy: Path) -> None:
    paths = leave(healthy)
    done = cli(healthy.parent, "repair")
    assert (done.returncode, "Not removed." in done.stdout) == (3, True)
    assert all(path.exists() for path in paths)
    done = cli(healthy.parent, "repair", "--json")
    assert done.returncode == 3
    assert all(path.exists() for path in paths)
    done = cli(healthy.parent, "repair", "--yes")
    assert (done.returncode, "Removed." in done.stdout) == (0, True)
    assert not any(path.exists() for path in paths)


def test_it_waits_for_nobody_and_makes_no_warehouse(healthy: Path, tmp_path: Path) -> None:
    with exclusive_run(healthy), pytest.raises(WarehouseBusyError):
        mend(healthy)
    with pytest.raises(WarehouseError, match="holds no warehouse"):
        mend(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_is_no_warehouse_says_what_to_do(healthy: Path) -> None:
    (healthy / "warehouse.duckdb").write_bytes(b"garbage" * 10_000)
    done = cli(healthy.parent, "repair")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: data/warehouse.duckdb cannot be opened: ")
    assert "`gigstack-etl restore --from DIR` brings it back" in done.stderr


def test_runs_are_still_there(healthy: Path) -> None:
    mend(healthy)
    assert query(healthy, "select count(*) as n from ops.runs") == [{"n": 1}]
