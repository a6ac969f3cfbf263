"""What passes between reading and loading: pages, what was found in them, batches of tables."""

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa

from pipelines.gigstack.api.records import split_records
from pipelines.gigstack.endpoints import Resource
from pipelines.gigstack.normalize.drift import DriftFinding, DriftResult


@dataclass(frozen=True)
class Page:
    """The records of one answer, as a JSON array, and where they came from."""

    resource: Resource
    team_id: str
    records: bytes
    parent_id: str | None = None


@dataclass(frozen=True)
class CheckedPage:
    """A page, its records as they can be loaded, and what was found in them.

    `positions` are the places (from 1) of those records on the page, where some are left out.
    """

    page: Page
    drift: DriftResult
    positions: tuple[int, ...] | None = None

    def raw(self, number: int) -> str:
        """The text of the record with this number (from 1), as it came."""
        place = self.positions[number - 1] if self.positions else number
        return bytes(split_records(self.page.records)[place - 1]).decode()


@dataclass(frozen=True)
class Reject:
    """A record that cannot be loaded, with its own text."""

    resource: str
    team_id: str
    reason: str
    field: str | None
    raw: str
    parent_id: str | None = None


@dataclass
class Batch:
    """What some pages of one entity came to."""

    tables: dict[str, pa.Table] = field(default_factory=dict)
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)  # by stream, team_id
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)
    documents: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # of a parent
    rejects: list[Reject] = field(default_factory=list)
    findings: list[tuple[str, DriftFinding]] = field(default_factory=list)  # stream, finding
