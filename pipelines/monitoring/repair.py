"""Mends a data directory: the `repair` command.

Loads and publications mend most of this by themselves, when they come to it. This calls the same
code, for all of it at once, and says what it found. Nothing is removed without consent; what an
earlier repair or restore has set aside is only named.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from dlt.pipeline.exceptions import PipelineStepFailed

from pipelines import warehouse
from pipelines.foundation.errors import PublishingError, WarehouseError
from pipelines.foundation.lock import exclusive_run
from pipelines.foundation.paths import (
    compacted_path,
    dlt_dir,
    published_dir,
    restoring_dir,
    spill_dir,
    warehouse_path,
    write_ahead_log_path,
)
from pipelines.foundation.privacy import close_to_others, open_to_others
from pipelines.foundation.wording import plural, shorten
from pipelines.load import dlt_cleanup
from pipelines.load.dlt_loader import DltLoader, open_loader
from pipelines.publish import versions
from pipelines.publish.personal import readers_group
from pipelines.warehouse.lost_tables import rebuild_lost_tables
from pipelines.warehouse.migrations import migrate, missing_columns
from pipelines.warehouse.restore import ASIDE

MAX_NAMED = 5
Consent = Callable[[Sequence[Path]], bool]


@dataclass
class Repair:
    """What was found and done, a line each; what is left needs a person."""

    mended: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    set_aside: list[Path] = field(default_factory=list)  # by earlier repairs and restores


def repair(data_dir: Path, may_remove: Consent) -> Repair:
    """Mend what can be mended. `may_remove` is asked once, before anything is removed.

    Raises:
        WarehouseError: There is no sound warehouse, another process has it open, or a later release
            has written it.
        ConfigurationError: There is no such group of readers.
    """
    if not warehouse_path(data_dir).exists():
        raise WarehouseError(
            f"{data_dir} holds no warehouse. Run `gigstack-etl load`, or `gigstack-etl restore "
            "--from DIR` if there is a backup."
        )
    result = Repair()
    group = readers_group()
    open_before = [] if group else open_to_others(data_dir)
    with exclusive_run(data_dir):
        _close(data_dir, open_before, result)
        with warehouse.connect(data_dir) as connection:
            _complete_tables(connection, result)
            _mend_dlt(data_dir, connection, result)
        _mend_published(published_dir(data_dir), result)
        _remove_leftovers(data_dir, may_remove, result)
        result.set_aside = sorted(
            [*data_dir.glob(f"{ASIDE}*"), *dlt_dir(data_dir).glob(f"*{dlt_cleanup.DAMAGED}*")]
        )
    return result


def _close(data_dir: Path, found: Sequence[Path], result: Repair) -> None:
    if found:
        close_to_others(*found)
        names = shorten([str(path.relative_to(data_dir.parent)) for path in found], MAX_NAMED)
        result.mended.append(f"Others could read {names}: closed.")


def _complete_tables(connection: duckdb.DuckDBPyConnection, result: Repair) -> None:
    before = warehouse.table_names(connection, "ops")
    columns = [f"gigstack.{table}.{column}" for table, column, _ in missing_columns(connection)]
    migrate(connection)
    added = sorted(warehouse.table_names(connection, "ops") - before)
    if added:
        result.mended.append(f"{shorten([f'ops.{t}' for t in added], MAX_NAMED)}: made, empty.")
    if columns:
        result.mended.append(
            f"{shorten(columns, MAX_NAMED)}: added, empty. A row is filled when it changes; "
            "`load --mode full` does not write unchanged rows."
        )
    result.mended += rebuild_lost_tables(connection)


def _mend_dlt(data_dir: Path, connection: duckdb.DuckDBPyConnection, result: Repair) -> None:
    """dlt's files and its pending packages. Without its files, it goes on from the warehouse."""
    if aside := dlt_cleanup.set_damaged_aside(data_dir):
        result.mended.append(f"dlt could not read its own files: they lie in {aside} now.")
    is_there = (dlt_dir(data_dir) / dlt_cleanup.PIPELINE / "state.json").exists()
    loader = open_loader(data_dir, connection)
    if dlt_cleanup.pending(data_dir):
        _load_pending(data_dir, loader, connection, result)
    if not is_there and warehouse.table_names(connection):
        loader.read_watermarks()
        result.mended.append("dlt's state was missing: taken from the warehouse.")


def _load_pending(
    data_dir: Path, loader: DltLoader, connection: duckdb.DuckDBPyConnection, result: Repair
) -> None:
    """dlt drops the packages of a first load, which has not written a table yet."""
    packages = plural(dlt_cleanup.pending(data_dir), "pending load package")
    try:
        loader.load_pending_packages()
    except PipelineStepFailed:
        aside = dlt_cleanup.set_aside(data_dir)
        loader.read_watermarks()
        result.mended.append(
            f"{packages} cannot be loaded: set aside in {aside}, with dlt's state, which is taken "
            "from the warehouse. The next load reads the same again."
        )
        return
    done = "loaded." if warehouse.table_names(connection) else "dropped; the next load resumes it."
    result.mended.append(f"{packages} of an interrupted run: {done}")


def _mend_published(published: Path, result: Repair) -> None:
    """The links that a reader follows to the current version."""
    link = published / versions.CURRENT
    try:
        current = versions.current_version(published)
    except PublishingError as error:
        result.left.append(str(error))
        return
    lost = [path for path in (link, *versions.links(published)) if not path.exists()]
    if current and lost:
        versions.make_current(published, current)
        names = ", ".join(str(path) for path in lost)
        result.mended.append(f"{names} led nowhere: made anew, to version {current.name}.")


def _remove_leftovers(data_dir: Path, may_remove: Consent, result: Repair) -> None:
    found = sorted(path for path in _leftovers(data_dir) if path.exists() or path.is_symlink())
    if not found:
        return
    names = shorten([str(path) for path in found], MAX_NAMED)
    if not may_remove(found):
        result.left.append(f"Left by killed processes: {names}. Not removed.")
        return
    for path in found:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    result.mended.append(f"Left by killed processes: {names}. Removed.")


def _leftovers(data_dir: Path) -> Iterator[Path]:
    """What a process that is killed leaves: the lock says that none is at work."""
    path, copy, published = (
        warehouse_path(data_dir),
        compacted_path(data_dir),
        published_dir(data_dir),
    )
    yield from (spill_dir(data_dir), path.with_name(f"{path.name}.tmp"))
    yield from (copy, write_ahead_log_path(copy), restoring_dir(data_dir))
    yield from (published / versions.VERSIONS).glob(f"*{versions.PARTIAL}")
    yield from data_dir.glob(".*.new")
    yield from published.glob(".*.new")
