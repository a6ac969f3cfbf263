"""Publishing: from the warehouse to files that BI can always read.

One version is written aside, compared with the warehouse, and made current in one step; see
the modules beside this one. Readers need no lock, and a load or a publication never waits for them.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.foundation.lock import exclusive_run
from pipelines.foundation.paths import published_dir
from pipelines.publish import manifest, versions
from pipelines.publish.columns import Policy
from pipelines.publish.personal import pii_policy
from pipelines.publish.write import write_version

STRICTNESS = list(Policy)


@dataclass(frozen=True)
class Publication:
    """A version that readers see. `as_of` is the moment whose state of the account it shows."""

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


def publish(data_dir: Path, pii: str | None = None) -> Publication:
    """Publish what the warehouse holds, with personal data as `pii` or the configuration says.

    Errors: ConfigurationError; WarehouseError when there is no warehouse, or a load holds it;
    PublishingError when the copy differs from the warehouse. Readers then keep what they had.
    """
    policy = pii_policy(pii)
    published = published_dir(data_dir)
    with exclusive_run(data_dir):
        with versions.new_version(published) as version:
            write_version(version, data_dir, policy)
        _remove_old(published, policy)
        return _publication(published)


def rollback(data_dir: Path) -> Publication:
    """Make the version before the current one current again; the next publication follows it.

    Errors: PublishingError when there is none.
    """
    published = published_dir(data_dir)
    with exclusive_run(data_dir):
        versions.make_current(published, versions.version_before(published))
        return _publication(published)


def last_publication(data_dir: Path) -> Publication | None:
    """What readers see now; None before the first publication."""
    published = published_dir(data_dir)
    return _publication(published) if versions.current_version(published) else None


def _remove_old(published: Path, policy: Policy) -> None:
    """Keep the last three; but none that shows what the policy now hides."""
    earlier = versions.earlier_versions(published)
    lax = [version for version in earlier if _policy(version) < STRICTNESS.index(policy)]
    versions.remove([*earlier[: -versions.KEPT], *lax[-versions.KEPT :]])


def _policy(version: Path) -> int:
    return STRICTNESS.index(Policy(manifest.read_manifest(version)["pii"]))


def _publication(published: Path) -> Publication:
    found = manifest.read_manifest(published / versions.CURRENT)
    snapshot, *parquet = found["files"]
    return Publication(
        number=int(Path(found["directory"]).name),
        run_id=found["run_id"],
        as_of=datetime.fromisoformat(found["as_of"]),
        published_at=datetime.fromisoformat(found["published_at"]),
        pii=found["pii"],
        path=published,
        tables=len({(file["schema"], file["table"]) for file in parquet}),
        files=len(found["files"]),
        rows=snapshot["rows"],
        bytes=sum(file["bytes"] for file in found["files"]),
        seconds=found["seconds"],
    )
