"""What passes from extraction through normalization to loading: pages, and batches of tables."""

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa

from pipelines.gigstack.api.records import split_records
from pipelines.gigstack.endpoint_types import Resource
from pipelines.gigstack.normalize.drift import FOREIGN_REASONS, DriftFinding, DriftResult


@dataclass(frozen=True)
class Page:
    """The records of one answer, as a JSON array, and the list they come from."""

    resource: Resource
    team_id: str
    records: bytes
    parent_id: str | None = None


@dataclass(frozen=True)
class CheckedPage:
    """A page, and its records in the form that can be loaded.

    Where some records of the page are left out, `positions` are the places (from 1) of the others.
    """

    page: Page
    drift: DriftResult
    positions: tuple[int, ...] | None = None

    @property
    def is_foreign(self) -> bool:
        """Whether every record says that it belongs to another team or mode."""
        rejected = self.drift.rejected
        is_all = bool(rejected) and not any(self.drift.hashes)
        return is_all and all(r.reason in FOREIGN_REASONS.values() for r in rejected)

    def raw(self, number: int) -> str:
        """The text of the record with this number (from 1), as the API sent it."""
        position = self.positions[number - 1] if self.positions else number
        return bytes(split_records(self.page.records)[position - 1]).decode()


@dataclass(frozen=True)
class Reject:
    """A record that cannot be loaded, with its text as the API sent it."""

    resource: str
    team_id: str
    reason: str
    field: str | None
    raw: str
    parent_id: str | None = None


@dataclass
class Batch:
    """The result of normalizing some pages of one entity."""

    tables: dict[str, pa.Table] = field(default_factory=dict)
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)  # by resource and team
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)  # by resource and team
    # support documents by team, kind and id of their parent
    documents: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)
    findings: list[tuple[str, DriftFinding]] = field(default_factory=list)  # with the resource
