"""Publishes the warehouse as files that BI can read at any time.

A version is written beside the current one, compared with the warehouse, and made current in one
step. Readers need no lock, and neither a load nor a publication waits for them.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from pipelines.foundation.lock import exclusive_run
from pipelines.foundation.paths import published_dir
from pipelines.publish import manifest, versions
from pipelines.publish.columns import Policy
from pipelines.publish.personal import pii_policy, readers_group
from pipelines.publish.write import write_version
from pipelines.warehouse.model_builds import OlderTable

POLICIES_BY_STRICTNESS = list(Policy)


@dataclass(frozen=True)
class Publication:
    """A published version. It shows the account as of the moment `as_of`, but for tables that could
    not be built: these are `older`, or missing.
    """

    number: int
    run_id: str
    as_of: datetime
    published_at: datetime
    pii: str
    path: Path
    tables: int  # and views
    files: int  # the snapshot and the Parquet files
    rows: int  # of the snapshot
    bytes: int  # of all files
    seconds: float
    older: list[OlderTable] = field(default_factory=list)


def publish(data_dir: Path, pii: str | None = None) -> Publication:
    """Publish the warehouse; `pii` replaces the configured policy for personal data. After an error
    readers keep the previous version.

    Raises:
        ConfigurationError: There is no such policy, or no such group of readers.
        WarehouseError: There is no warehouse, or another run holds it.
        PublishingError: The copy differs from the warehouse.
    """
    policy, group = pii_policy(pii), readers_group()
    published = published_dir(data_dir)
    with exclusive_run(data_dir):
        with versions.new_version(published, group) as version:
            write_version(version, data_dir, policy)
        _remove_old(published, policy)
        return _publication(published)


def rollback(data_dir: Path) -> Publication:
    """Make the previous version current again.

    Raises:
        PublishingError: There is no previous version.
    """
    published = published_dir(data_dir)
    with exclusive_run(data_dir):
        versions.make_current(published, versions.version_before(published))
        return _publication(published)


def last_publication(data_dir: Path) -> Publication | None:
    """The current version; None before the first publication."""
    published = published_dir(data_dir)
    return _publication(published) if versions.current_version(published) else None


def _remove_old(published: Path, policy: Policy) -> None:
    """Keep the last three versions, without those that show what the policy now hides."""
    earlier = versions.earlier_versions(published)
    less_strict = [
        version
        for version in earlier
        if _strictness(version) < POLICIES_BY_STRICTNESS.index(policy)
    ]
    versions.remove([*earlier[: -versions.KEPT], *less_strict[-versions.KEPT :]])


def _strictness(version: Path) -> int:
    return POLICIES_BY_STRICTNESS.index(Policy(manifest.read_manifest(version)["pii"]))


def _publication(published: Path) -> Publication:
    current = versions.current_version(published)
    assert current
    content = manifest.read_manifest(current)
    snapshot, *parquet = content["files"]
    return Publication(
        number=int(Path(content["directory"]).name),
        run_id=content["run_id"],
        as_of=datetime.fromisoformat(content["as_of"]),
        published_at=datetime.fromisoformat(content["published_at"]),
        pii=content["pii"],
        path=published,
        tables=len({(file["schema"], file["table"]) for file in parquet}),
        files=len(content["files"]),
        rows=snapshot["rows"],
        bytes=sum(file["bytes"] for file in content["files"]),
        seconds=content["seconds"],
        older=msgspec.convert(content.get("older_tables", []), list[OlderTable]),
    )
