"""Backups: a directory each, with the warehouse and whatever else cannot be made again.

    DIR/
        20261201T083000Z/               complete, never changed again
            warehouse.duckdb
            api.json, pii.key           what `check` found out, and the key of hashes, if there are
            manifest.json               rows by table, and the SHA-256 of each file
        20261202T083000Z.partial/       being written, or left by a killed process

A backup is copied while the lock is held, opened, compared table by table, and renamed at the end.
What dlt keeps in files is left out, since its state is in the warehouse as well; so are answers of
the API, which are gone after some days anyway.
"""

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from pipelines.foundation.atomic_write import flush, write_atomically
from pipelines.foundation.errors import WarehouseBusyError, WarehouseError
from pipelines.foundation.lock import exclusive_run
from pipelines.foundation.paths import (
    findings_path,
    last_backup_path,
    pii_key_path,
    warehouse_path,
    write_ahead_log_path,
)
from pipelines.warehouse.connection import NAME, attach_read_only
from pipelines.warehouse.copying import (
    RowCounts,
    check_rows,
    copy_file,
    row_counts,
    row_counts_of,
)
from pipelines.warehouse.migrations import schema_version
from pipelines.warehouse.settings import backups_kept
from pipelines.warehouse.tables import livemode_of

MANIFEST, LOCK = "manifest.json", ".lock"
PARTIAL = ".partial"
NAME_FORMAT, NAME_PATTERN = "%Y%m%dT%H%M%SZ", re.compile(r"\d{8}T\d{6}Z")


class Manifest(msgspec.Struct):
    """What a backup holds. Rows by schema and table; SHA-256 by the name of a file."""

    made_at: datetime  # UTC
    program: str
    schema_version: int
    livemode: bool | None
    tables: RowCounts
    files: dict[str, str]


@dataclass(frozen=True)
class Backup:
    """A complete backup."""

    path: Path
    made_at: datetime  # UTC
    tables: int
    rows: int
    bytes: int


def back_up(data_dir: Path, to: Path) -> Backup:
    """Copy the warehouse of a data directory into a new directory below `to`, and remove the oldest
    backups there beyond `[backup] keep`. Readers go on reading.

    Raises:
        ConfigurationError: `[backup] keep` is no number of backups.
        WarehouseError: There is no warehouse, another process writes it, the copy differs from it,
            or `to` cannot be written.
    """
    keep = backups_kept()
    with exclusive_run(data_dir), _only_one(to):
        for leftover in to.glob(f"*{PARTIAL}"):
            if NAME_PATTERN.match(leftover.name):
                shutil.rmtree(leftover)
        backup = read_backup(_new_backup(data_dir, to))
        _remove_old(to, keep)
        note = msgspec.json.encode(backup, enc_hook=str)
        write_atomically(last_backup_path(data_dir), note, mode=0o600)
    return backup


@contextmanager
def _only_one(to: Path) -> Iterator[None]:
    """Keep others from making backups into the same directory meanwhile."""
    try:
        to.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(to / LOCK, timeout=0, mode=0o600):
            yield
    except Timeout as error:
        raise WarehouseBusyError(f"Another backup into {to} is under way.") from error
    except OSError as error:
        raise WarehouseError(f"{to} cannot be written: {error.strerror}.") from error


def _new_backup(data_dir: Path, to: Path) -> Path:
    target = _free_name(to, datetime.now(UTC))
    partial = target.with_name(target.name + PARTIAL)
    try:
        partial.mkdir(mode=0o700)
        _fill(partial, data_dir, datetime.strptime(target.name, NAME_FORMAT).replace(tzinfo=UTC))
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    flush(to)
    return target


def _free_name(to: Path, now: datetime) -> Path:
    """Its second, or the one after the newest there: names tell which backup is newer."""
    newest = max((path.name for path in backups_in(to)), default="")
    while (name := now.strftime(NAME_FORMAT)) <= newest:
        now = datetime.strptime(newest, NAME_FORMAT).replace(tzinfo=UTC) + timedelta(seconds=1)
    return to / name


def _fill(partial: Path, data_dir: Path, made_at: datetime) -> None:
    """Copy the files, and write the manifest of what was found in the copies."""
    source, copy = warehouse_path(data_dir), warehouse_path(partial)
    with attach_read_only(data_dir, NAME) as connection:  # keeps writers out that know no lock
        connection.execute(f"use {NAME}")
        expected = row_counts(connection, NAME)
        livemode, schema = livemode_of(connection), schema_version(connection)
        for path in (write_ahead_log_path(source), source):
            if path.exists():
                copy_file(path, partial / path.name)
    check_rows(copy, expected, row_counts_of(copy))
    for path in (findings_path(data_dir), pii_key_path(data_dir)):
        if path.exists():
            copy_file(path, partial / path.name)
    flush(copy)  # its log may have been put into it
    files = {path.name: checksum(path) for path in sorted(partial.iterdir())}
    manifest = Manifest(made_at, version("gigstack-etl"), schema, livemode, expected, files)
    content = msgspec.json.format(msgspec.json.encode(manifest))
    write_atomically(partial / MANIFEST, content, mode=0o600)
    flush(partial)


def checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def backups_in(directory: Path) -> list[Path]:
    """The complete backups in a directory, the oldest first."""
    return sorted(
        path
        for path in directory.glob("*/")
        if NAME_PATTERN.fullmatch(path.name) and (path / MANIFEST).exists()
    )


def read_manifest(backup: Path) -> Manifest:
    """What a backup says it holds.

    Raises:
        WarehouseError: It has no manifest that can be read.
    """
    try:
        return msgspec.json.decode((backup / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise WarehouseError(f"{backup / MANIFEST} cannot be read: {error}") from error


def read_backup(path: Path) -> Backup:
    """What is told of a backup.

    Raises:
        WarehouseError: It has no manifest that can be read.
    """
    manifest = read_manifest(path)
    size = sum(file.stat().st_size for file in path.iterdir())
    rows = sum(manifest.tables.values())
    return Backup(path.absolute(), manifest.made_at, len(manifest.tables), rows, size)


def last_backup(data_dir: Path) -> Backup | None:
    """The last backup of a data directory, wherever it was written; None if there is none."""
    try:
        return msgspec.json.decode(
            last_backup_path(data_dir).read_bytes(), type=Backup, dec_hook=_path
        )
    except (OSError, msgspec.MsgspecError):
        return None


def _path(_kind: type, value: str) -> Path:
    return Path(value)


def _remove_old(to: Path, keep: int) -> None:
    for path in backups_in(to)[:-keep]:
        partial = path.with_name(path.name + PARTIAL)  # so that half of it is no backup
        path.rename(partial)
        shutil.rmtree(partial)
