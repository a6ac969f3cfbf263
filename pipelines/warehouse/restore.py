"""Brings a backup back.

Nothing is changed before the files of the backup lie in the data directory, complete and checked.
Then each step leaves a directory from which a load goes on, with the old warehouse or the new one:
what belongs to the old warehouse alone goes first, and one rename brings the new one. dlt's state
and the watermarks then come from it. What was there lies in `before-restore-…` afterwards.
"""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines.foundation.errors import ConfigurationError, WarehouseBusyError, WarehouseError
from pipelines.foundation.lock import exclusive_run
from pipelines.foundation.paths import (
    backfills_dir,
    dlt_dir,
    response_logs_dir,
    restoring_dir,
    warehouse_path,
    write_ahead_log_path,
)
from pipelines.warehouse.backup import (
    MANIFEST,
    Backup,
    Manifest,
    backups_in,
    checksum,
    read_backup,
    read_manifest,
)
from pipelines.warehouse.connection import connect
from pipelines.warehouse.copying import check_rows, copy_file, row_counts_of
from pipelines.warehouse.migrations import refuse_later_release
from pipelines.warehouse.tables import livemode_of

ASIDE = "before-restore-"
MODES = {True: "live", False: "test"}


@dataclass(frozen=True)
class Restoration:
    """What was brought back, and where lies what was there before, if there was something."""

    backup: Backup
    aside: Path | None


def restore(data_dir: Path, source: Path) -> Restoration:
    """Bring back a backup: `source` itself, or the newest one in it.

    Raises:
        ConfigurationError: There is no backup, or it is of the other mode, live or test.
        WarehouseError: It is damaged, or of a later release, or another process has the warehouse.
    """
    backup = _find(source)
    manifest = read_manifest(backup)
    refuse_later_release(manifest.schema_version, str(backup))
    with exclusive_run(data_dir):
        _refuse_other_mode(data_dir, manifest)
        staged = restoring_dir(data_dir)
        shutil.rmtree(staged, ignore_errors=True)  # of a killed process
        try:
            _stage(backup, manifest, staged)
            aside = _replace(data_dir, staged)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return Restoration(read_backup(backup), aside)


def _find(source: Path) -> Path:
    if (source / MANIFEST).exists():
        return source
    found = backups_in(source)
    if not found:
        raise ConfigurationError(f"{source} holds no complete backup.")
    return found[-1]


def _refuse_other_mode(data_dir: Path, manifest: Manifest) -> None:
    """Refuse to put live data in the place of test data, or the other way round."""
    held = _held_mode(data_dir)
    if None not in (held, manifest.livemode) and held != manifest.livemode:
        raise ConfigurationError(
            f"The backup holds {MODES[bool(manifest.livemode)]} data, and the warehouse in "
            f"{data_dir} {MODES[bool(held)]} data. Name another --data-dir."
        )


def _held_mode(data_dir: Path) -> bool | None:
    """The mode of the present warehouse, whose log is put into it; None if there is no sound one.

    Raises:
        WarehouseBusyError: Another process has it open.
    """
    path = warehouse_path(data_dir)
    if not path.exists():
        return None
    is_complete = not write_ahead_log_path(path).exists()
    try:
        with connect(data_dir, read_only=is_complete) as connection:
            return livemode_of(connection)
    except WarehouseBusyError:
        raise
    except WarehouseError:
        return None


def _stage(backup: Path, manifest: Manifest, staged: Path) -> None:
    """Copy the files of a backup, and check the copies.

    Raises:
        WarehouseError: A file is missing or differs from the manifest.
    """
    staged.mkdir(mode=0o700)
    for name, expected in manifest.files.items():
        if not (backup / name).exists():
            raise WarehouseError(f"{backup} is damaged: {name} is missing. {_others(backup)}")
        copy_file(backup / name, staged / name)
        if checksum(staged / name) != expected:
            raise WarehouseError(
                f"{backup} is damaged: {name} is not what was written. {_others(backup)}"
            )
    path = warehouse_path(staged)
    check_rows(path, manifest.tables, row_counts_of(path))


def _others(backup: Path) -> str:
    names = [path.name for path in backups_in(backup.parent) if path.name != backup.name]
    listed = f"others beside it: {', '.join(names)}" if names else "there is no other beside it"
    return f"Nothing was changed; {listed}."


def _replace(data_dir: Path, staged: Path) -> Path | None:
    """Put the staged files in the place of the present ones; where those lie now."""
    aside = data_dir / f"{ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    aside.mkdir(mode=0o700)
    for directory in (response_logs_dir(data_dir), dlt_dir(data_dir), backfills_dir(data_dir)):
        if directory.exists():
            directory.rename(aside / directory.name)
    warehouse = warehouse_path(data_dir)
    names = sorted(path.name for path in staged.iterdir() if path.name != warehouse.name)
    for path in (*(data_dir / name for name in names), warehouse, write_ahead_log_path(warehouse)):
        if path.exists():
            _keep(path, aside / path.name)
    write_ahead_log_path(warehouse).unlink(missing_ok=True)  # only a damaged warehouse has one
    for name in (*names, warehouse.name):
        (staged / name).replace(data_dir / name)
    with suppress(OSError):  # it is not empty
        aside.rmdir()
        return None
    return aside


def _keep(path: Path, aside: Path) -> None:
    """Keep a file under a second name, so that it is there until it is replaced."""
    try:
        os.link(path, aside)
    except OSError:  # not on this file system
        shutil.copy2(path, aside)
