"""A history that is read again in slices of time, the newest first, over several runs if need be.

Which slices are done is kept in a file below the data directory: a backfill of the same question
goes on where the last one ended. What a slice had fetched when its run died is in its journal.
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
from pipelines.gigstack.endpoints import Resource

GOES_ON_WITHIN = timedelta(days=7)  # later, what is done may have changed again


@dataclass(frozen=True)
class BackfillSlice:
    """Some days, by Mexico City's calendar; `last` belongs to it."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        return midnight(self.first)

    @property
    def until(self) -> datetime:
        """The midnight after it, which is also where the next slice begins."""
        return midnight(self.last + timedelta(days=1))

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


def slices(first: date, last: date, days: int) -> list[BackfillSlice]:
    """Slices of so many days from the first day on, the newest first."""
    starts = [first + timedelta(n) for n in range(0, (last - first).days + 1, days)]
    return [BackfillSlice(day, min(last, day + timedelta(days - 1))) for day in reversed(starts)]


def windowed(resources: Sequence[Resource], names: Sequence[str]) -> list[Resource]:
    """The streams that a backfill is about: those which are not read whole every night.

    Errors: ConfigurationError when one that was named is.
    """
    for resource in resources:
        if not resource.window and {resource.name, resource.entity} & set(names):
            raise ConfigurationError(
                f"{resource.name} is read whole every night; there is nothing to backfill."
            )
    return [resource for resource in resources if resource.window]


class _Kept(msgspec.Struct):
    began_at: datetime
    question: dict[str, Any]
    done: list[str]  # slices, as text


class Backfill:
    """What of a backfill is done, and what is left to do. `question` can be written as JSON."""

    def __init__(
        self,
        data_dir: Path,
        question: Mapping[str, Any],
        planned: Sequence[BackfillSlice],
        now: datetime | None = None,
    ) -> None:
        digest = blake2b(msgspec.json.encode(question, order="sorted"), digest_size=8).hexdigest()
        self._path = backfills_dir(data_dir) / f"{digest}.json"
        self._kept = _Kept(now or datetime.now(UTC), dict(question), [])
        if self._path.exists():
            found = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
            if self._kept.began_at - found.began_at < GOES_ON_WITHIN:
                self._kept = found
        self.planned = planned

    @property
    def to_do(self) -> list[BackfillSlice]:
        return [one for one in self.planned if str(one) not in self._kept.done]

    @property
    def percent_done(self) -> float:
        return 100 * (1 - len(self.to_do) / len(self.planned))

    def finish(self, one: BackfillSlice) -> None:
        """Note that a slice is done; with the last one, all is forgotten."""
        self._kept.done.append(str(one))
        if not self.to_do:
            self._path.unlink(missing_ok=True)
            return
        write_atomically(self._path, msgspec.json.format(msgspec.json.encode(self._kept)))
