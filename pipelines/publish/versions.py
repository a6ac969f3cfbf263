"""The published versions, and the link that says which one is current.

    published/
        current -> versions/000007       swapped by one rename: all files change at once
        analytics.duckdb -> current/analytics.duckdb
        parquet -> current/parquet       (manifest.json and data_dictionary.csv likewise)
        versions/000004 … 000007         complete, never changed again
        versions/000008.partial          being written, or left by a killed process

A reader opens the snapshot once, and keeps the version that it opened. Parquet files are opened
several times (DuckDB, pyarrow and pandas read the footer, close the file, and open it again for the
rows). A reader that must not fail in between resolves the link first, or takes `directory` from the
manifest: the files there never change, and stay for three more publications.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.foundation.atomic_write import flush
from pipelines.foundation.errors import PublishingError
from pipelines.foundation.privacy import let_read

SNAPSHOT, PARQUET = "analytics.duckdb", "parquet"
MANIFEST, DICTIONARY = "manifest.json", "data_dictionary.csv"
CURRENT, VERSIONS = "current", "versions"
PARTIAL = ".partial"
KEPT = 3  # versions beside the current one


def current_version(published: Path) -> Path | None:
    """The directory of the current version; None before the first publication. Where the link is
    lost or leads nowhere, that is the newest version.

    Raises:
        PublishingError: Something else lies where the link should be.
    """
    link = published / CURRENT
    if link.exists() and not link.is_symlink():
        raise PublishingError(f"{link} is no link. Move it away, and run `gigstack-etl publish`.")
    if link.is_dir():
        return link.resolve()
    complete = _complete(published)
    return complete[-1].resolve() if complete else None


@contextmanager
def new_version(published: Path, group: str | None = None) -> Iterator[Path]:
    """A directory for the next version, which becomes current when the block ends. After an error
    the previous version stays current. A group may read it, and find the way to it.
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
        if group:
            _share(published, partial, group)
        partial.rename(version)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    make_current(published, version)


def make_current(published: Path, version: Path) -> None:
    """Make readers see this version from now on."""
    _link(published / CURRENT, Path(VERSIONS) / version.name)
    for link in links(published):
        if not link.is_symlink():
            _link(link, Path(CURRENT) / link.name)
    flush(published / VERSIONS)
    flush(published)


def links(published: Path) -> list[Path]:
    """Where readers look, whatever version is current."""
    return [published / name for name in (SNAPSHOT, PARQUET, MANIFEST, DICTIONARY)]


def version_before(published: Path) -> Path:
    """The version before the current one.

    Raises:
        PublishingError: There is none.
    """
    earlier = earlier_versions(published)
    if not earlier:
        raise PublishingError(f"{published} has no earlier version to go back to.")
    return earlier[-1]


def remove(obsolete: list[Path]) -> None:
    """Remove versions. Readers that have their files open can still read them."""
    for version in obsolete:
        partial = version.with_name(version.name + PARTIAL)  # so that half of it is no version
        version.rename(partial)
        shutil.rmtree(partial)


def earlier_versions(published: Path) -> list[Path]:
    """The versions before the current one, the oldest first."""
    current = current_version(published)
    return [v for v in _complete(published) if current and number_of(v) < number_of(current)]


def _all(published: Path) -> list[Path]:
    return [path for path in (published / VERSIONS).glob("*") if re.match(r"\d+", path.name)]


def _complete(published: Path) -> list[Path]:
    return sorted((path for path in _all(published) if path.name.isdigit()), key=number_of)


def number_of(version: Path) -> int:
    return int(version.name.removesuffix(PARTIAL))


def _remove_leftovers(published: Path) -> None:
    """Remove versions that were not finished, were rolled back, or never became current."""
    current = current_version(published)
    for path in _all(published):
        is_newer = current is None or number_of(path) > number_of(current)
        if is_newer or not path.name.isdigit():
            shutil.rmtree(path)


def _link(link: Path, target: Path) -> None:
    """Create or change a symbolic link in one step."""
    temporary = link.with_name(f".{link.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)


def _seal(version: Path) -> None:
    """Flush every file to the disk, so that after a power cut no link leads to half a version. Make
    the files read-only, so that no BI tool changes what others read.
    """
    for directory, _, files in os.walk(version):
        for name in files:
            path = Path(directory, name)
            path.chmod(path.stat().st_mode & ~0o222)
            flush(path)
        flush(Path(directory))


def _share(published: Path, version: Path, group: str) -> None:
    for directory in (published, published / VERSIONS, version):
        let_read(directory, group)
    for path in version.rglob("*"):
        let_read(path, group)
    # the way there: the data directory can be crossed, not listed
    shutil.chown(published.parent, group=group)
    published.parent.chmod(published.parent.stat().st_mode | 0o010)
