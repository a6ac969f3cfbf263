"""Backfills: an old part of the account is read again in slices of time, the newest first.

A file below the data directory records the finished slices, so that a backfill with the same
question continues where the last one stopped. Within a slice the response log resumes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from pipelines.foundation.atomic_write import write_atomically
from pipelines.foundation.errors import ConfigurationError
from pipelines.foundation.paths import backfills_dir
from pipelines.foundation.time_zone import midnight
from pipelines.gigstack.endpoint_types import Resource

CONTINUE_WITHIN = timedelta(days=7)  # later, finished slices may have changed again


@dataclass(frozen=True)
class BackfillSlice:
    """Some days by Mexico City's calendar, both ends included."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        return midnight(self.first)

    @property
    def until(self) -> datetime:
        """The midnight after the last day, where the next slice begins."""
        return midnight(self.last + timedelta(days=1))

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


def slices(first: date, last: date, days: int) -> list[BackfillSlice]:
    """Slices of so many days, counted from the first day, the newest first."""
    starts = [first + timedelta(n) for n in range(0, (last - first).days + 1, days)]
    return [BackfillSlice(day, min(last, day + timedelta(days - 1))) for day in reversed(starts)]


def windowed(resources: Sequence[Resource], names: Sequence[str]) -> list[Resource]:
    """The resources that a backfill reads: those that no incremental load reads completely.

    Raises:
        ConfigurationError: A resource that was named is read completely anyway.
    """
    for resource in resources:
        if not resource.window and {resource.name, resource.entity} & set(names):
            raise ConfigurationError(
                f"{resource.name} is read completely by every load; there is nothing to backfill."
            )
    return [resource for resource in resources if resource.window]


class _State(msgspec.Struct):
    """What the file holds. A slice is recorded by its text."""

    began_at: datetime
    question: dict[str, Any]
    done: list[str]


class Backfill:
    """The finished and the pending slices of a backfill. `question` must be valid JSON."""

    def __init__(
        self,
        data_dir: Path,
        question: Mapping[str, Any],
        planned: Sequence[BackfillSlice],
        now: datetime | None = None,
    ) -> None:
        digest = blake2b(msgspec.json.encode(question, order="sorted"), digest_size=8).hexdigest()
        self._path = backfills_dir(data_dir) / f"{digest}.json"
        self._state = _State(now or datetime.now(UTC), dict(question), [])
        if self._path.exists():
            earlier = msgspec.json.decode(self._path.read_bytes(), type=_State)
            if self._state.began_at - earlier.began_at < CONTINUE_WITHIN:
                self._state = earlier
        self.planned = planned

    @property
    def pending(self) -> list[BackfillSlice]:
        return [part for part in self.planned if str(part) not in self._state.done]

    @property
    def percent_done(self) -> float:
        return 100 * (1 - len(self.pending) / len(self.planned))

    def finish(self, part: BackfillSlice) -> None:
        """Record a slice as finished. The last one removes the file."""
        self._state.done.append(str(part))
        if self.pending:
            write_atomically(self._path, msgspec.json.format(msgspec.json.encode(self._state)))
        else:
            self._path.unlink(missing_ok=True)
