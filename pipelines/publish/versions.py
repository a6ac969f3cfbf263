"""Versions of what is published, and the one link that says which is current.

    published/
        current -> versions/000007       swapped by one rename: all files change in one moment
        analytics.duckdb -> current/analytics.duckdb
        parquet -> current/parquet       (manifest.json and data_dictionary.csv likewise)
        versions/000004 … 000007         whole, never changed again
        versions/000008.partial          being written, or left behind by what was killed

The snapshot is opened once by whoever reads it, and then stays the version that it was. Parquet is
opened again and again (DuckDB, pyarrow and pandas read the footer, close the file, and open it
anew for the rows), so a reader that cannot have a query end in an error follows the link first, or
takes `directory` from the manifest: what lies there never changes, and stays for three more
publications.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.foundation.errors import PublishingError

SNAPSHOT, PARQUET = "analytics.duckdb", "parquet"
MANIFEST, DICTIONARY = "manifest.json", "data_dictionary.csv"
CURRENT, VERSIONS = "current", "versions"
PARTIAL = ".partial"
KEPT = 3  # versions beside the current one


def current_version(published: Path) -> Path | None:
    """The directory of the version that readers see."""
    link = published / CURRENT
    return link.resolve() if link.is_dir() else None


@contextmanager
def new_version(published: Path) -> Iterator[Path]:
    """A directory to write the next version into; it is made current when the block is through.

    Whatever ends the block early, readers go on with the version that they had.
    """
    (published / VERSIONS).mkdir(parents=True, exist_ok=True)
    number = 1 + max(map(number_of, _all(published)), default=0)
    _remove_leftovers(published)
    version = published / VERSIONS / f"{number:06}"
    partial = version.with_name(version.name + PARTIAL)
    partial.mkdir()
    try:
        yield partial
        _seal(partial)
        partial.rename(version)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    make_current(published, version)


def make_current(published: Path, version: Path) -> None:
    """Let readers see this version from now on."""
    _link(published / CURRENT, Path(VERSIONS) / version.name)
    for name in (SNAPSHOT, PARQUET, MANIFEST, DICTIONARY):
        if not (published / name).is_symlink():
            _link(published / name, Path(CURRENT) / name)
    _flush(published / VERSIONS)
    _flush(published)


def version_before(published: Path) -> Path:
    """The version that was current before the one that is.

    Errors: PublishingError when there is none.
    """
    earlier = earlier_versions(published)
    if not earlier:
        raise PublishingError(f"{published} has no earlier version to go back to.")
    return earlier[-1]


def remove(doomed: list[Path]) -> None:
    """Remove versions; one that is being read stays readable for who has its files open."""
    for version in doomed:
        aside = version.with_name(version.name + PARTIAL)  # half removed, it is no version
        version.rename(aside)
        shutil.rmtree(aside)


def earlier_versions(published: Path) -> list[Path]:
    """Those before the current one, the oldest first."""
    current = current_version(published)
    return [v for v in _whole(published) if current and number_of(v) < number_of(current)]


def _all(published: Path) -> list[Path]:
    return [path for path in (published / VERSIONS).iterdir() if re.match(r"\d+", path.name)]


def _whole(published: Path) -> list[Path]:
    return sorted((path for path in _all(published) if path.name.isdigit()), key=number_of)


def number_of(version: Path) -> int:
    return int(version.name.removesuffix(PARTIAL))


def _remove_leftovers(published: Path) -> None:
    """What was killed while it was written, and what was rolled back or never became current."""
    current = current_version(published)
    for path in _all(published):
        is_newer = current is None or number_of(path) > number_of(current)
        if is_newer or not path.name.isdigit():
            shutil.rmtree(path)


def _link(link: Path, target: Path) -> None:
    """Make or change a symbolic link in one step."""
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)


def _seal(version: Path) -> None:
    """Flush every file to the disk, so that a power cut leaves no link to half a version; and
    take the right to write, so that no BI tool changes what others read.
    """
    for directory, _, files in os.walk(version):
        for name in files:
            path = Path(directory, name)
            path.chmod(path.stat().st_mode & ~0o222)
            _flush(path)
        _flush(Path(directory))


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
