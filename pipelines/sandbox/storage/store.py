"""The SQLite file of an account: the objects as they go over the wire, and what will happen next.

`body` is what the server sends; `canonical` is the clean object, kept only where a quirk made the
body differ. Numbers keep their decimal text: money is Decimal, never float.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

import msgspec

from pipelines.sandbox.storage import positions, quirks

SCHEMA = """
create table objects (position integer primary key, body blob not null, canonical blob);
create table agenda (
    due integer, subject integer, action text, detail text,
    primary key (due, subject, action)
) without rowid;
create table document_links (
    parent integer, document integer, primary key (parent, document)
) without rowid;
create table state (name text primary key, value blob) without rowid;
"""
CHANGES = "create table if not exists changes (position integer primary key, second integer)"
_PAGE = "select position, body from objects where position >= ? and position < ?"
OLDEST_FIRST = _PAGE + " order by position limit ?"
NEWEST_FIRST = _PAGE + " order by position desc limit ?"
Record = dict[str, Any]

encode = msgspec.json.Encoder(decimal_format="number").encode
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def decode(body: bytes) -> Any:
    """JSON with every fraction as the Decimal of its own text."""
    return _decoder.decode(body)


class Event(NamedTuple):
    """Something that will happen to an object: when (epoch second), to which, what, with what."""

    due: int
    subject: int
    action: str
    detail: str


class Store:
    """Reads see what was written before, also what is not flushed yet.

    `quirks_of` has the quirks of each list, by the list's name.
    """

    def __init__(
        self,
        path: Path,
        quirks_of: Mapping[str, tuple[quirks.Quirk, ...]],
        *,
        is_new: bool = False,
    ) -> None:
        self.lock = RLock()
        self._quirks = {positions.NUMBERS[name]: known for name, known in quirks_of.items()}
        self._max_quirks = max(map(len, quirks_of.values()), default=0)
        if is_new:
            path.unlink(missing_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        if is_new:
            self._db.execute("pragma page_size = 16384")
        self._db.execute("pragma journal_mode = off")
        self._db.execute("pragma synchronous = off")
        self._db.execute("pragma cache_size = -64000")
        if is_new:
            self._db.executescript(SCHEMA)
        self._db.execute(CHANGES)  # files of before have none
        self.today: range | None = None  # the seconds of the day that goes by
        self._written: dict[int, Record] = {}
        self._added: list[int] = []
        self._planned: list[Event] = []
        self.counts: dict[int, int] = {
            int(name): count for name, count in (self.load("counts") or {}).items()
        }
        self._taken: set[int] = set()

    def close(self) -> None:
        self._db.close()

    def start_day(self) -> None:
        """From here on `reserve` hands out positions of another day."""
        self._taken.clear()

    def reserve(self, place: int, mirror: int | None = None) -> bool:
        """Take a position, and one more for what mirrors it, unless one was taken today."""
        taken = self._taken
        if place in taken or mirror in taken:
            return False
        taken.add(place)
        if mirror is not None:
            taken.add(mirror)
        return True

    def add(self, place: int, record: Record) -> None:
        self._added.append(place)
        self._written[place] = record

    def put(self, place: int, record: Record) -> None:
        self._written[place] = record

    def remove(self, place: int) -> None:
        start = positions.partition_of(place)
        self.counts[start] = self.counts.get(start, 0) - 1
        self._written.pop(place, None)
        self._db.execute("delete from objects where position = ?", (place,))
        self._db.execute("delete from changes where position = ?", (place,))

    def get(self, place: int) -> Record | None:
        """The clean object."""
        if place in self._written:
            return self._written[place]
        row = self._db.execute(
            "select coalesce(canonical, body) from objects where position = ?", (place,)
        ).fetchone()
        return decode(row[0]) if row else None

    def body(self, place: int) -> bytes | None:
        """The object as the wire shows it."""
        with self.lock:
            row = self._db.execute(
                "select body from objects where position = ?", (place,)
            ).fetchone()
        return row[0] if row else None

    def page(self, low: int, high: int, limit: int, *, ascending: bool) -> list[tuple[int, bytes]]:
        """Up to `limit` bodies with low <= position < high, newest first unless ascending."""
        with self.lock:
            return self._db.execute(
                OLDEST_FIRST if ascending else NEWEST_FIRST, (low, high, limit)
            ).fetchall()

    def changes(self, low: int, high: int) -> dict[int, int]:
        """The epoch second in which what is not as it was created last changed, by position."""
        query = "select position, second from changes where position >= ? and position < ?"
        with self.lock:
            return dict(self._db.execute(query, (low, high)))

    def clean(self, team: int, name: str) -> Iterator[tuple[int, bytes]]:
        """The JSON of a team's clean objects of a list, oldest first."""
        start = positions.partition(team, name)
        end = start + (1 << (positions.SECOND_BITS + positions.SERIAL_BITS))
        yield from self._db.execute(
            "select position, coalesce(canonical, body) from objects"
            " where position >= ? and position < ? order by position",
            (start, end),
        )

    def objects(self, team: int, name: str) -> Iterator[tuple[int, Record]]:
        """A team's clean objects of a list, oldest first."""
        for place, body in self.clean(team, name):
            yield place, decode(body)

    def plan(self, due: int, subject: int, action: str, detail: str = "") -> None:
        self._planned.append(Event(due, subject, action, detail))

    def pop_due(self, before: int) -> list[Event]:
        """Remove the events due before this second from the agenda, and return them in order."""
        rows = self._db.execute(
            "select * from agenda where due < ? order by due, subject, action", (before,)
        ).fetchall()
        self._db.execute("delete from agenda where due < ?", (before,))
        return [Event(*row) for row in rows]

    def link_document(self, parent: int, document: int) -> None:
        self._db.execute("insert into document_links values (?, ?)", (parent, document))

    def documents_of(self, parents: Iterable[int]) -> list[int]:
        """Positions of the support documents of any of these objects, newest first."""
        found: set[int] = set()
        with self.lock:
            for parent in parents:
                found.update(
                    row[0]
                    for row in self._db.execute(
                        "select document from document_links where parent = ?", (parent,)
                    )
                )
        return sorted(found, reverse=True)

    def save(self, name: str, value: Any) -> None:
        self._db.execute("insert or replace into state values (?, ?)", (name, encode(value)))

    def load(self, name: str) -> Any:
        row = self._db.execute("select value from state where name = ?", (name,)).fetchone()
        return decode(row[0]) if row else None

    def begin(self) -> None:
        self._db.execute("begin")

    def commit(self) -> None:
        self.save("counts", {str(start): count for start, count in self.counts.items()})
        self._db.execute("commit")

    def flush(self) -> None:
        """Write what changed since the last flush."""
        if not self._added and not self._written and not self._planned:
            return
        for start, count in Counter(map(positions.partition_of, self._added)).items():
            self.counts[start] = self.counts.get(start, 0) + count
        rows = [
            (place, *self._bodies(place, self._written[place])) for place in sorted(self._written)
        ]
        self._db.executemany("insert or replace into objects values (?, ?, ?)", rows)
        self._db.executemany("insert or replace into changes values (?, ?)", self._changed())
        # the same for the same object in the same second: once is enough
        self._db.executemany("insert or ignore into agenda values (?, ?, ?, ?)", self._planned)
        self._added.clear()
        self._written.clear()
        self._planned.clear()

    def _changed(self) -> list[tuple[int, int]]:
        """What was there before, or came late: it changed at the end of the day that goes by."""
        if self.today is None:
            return []
        new = set(self._added)
        return [
            (place, self.today[-1])
            for place in self._written
            if place not in new or positions.second_of(place) < self.today.start
        ]

    def _bodies(self, place: int, record: Record) -> tuple[bytes, bytes | None]:
        """The wire form, and the clean form where the two differ."""
        clean = encode(record)
        number = quirks.number_of(place)
        if number >= self._max_quirks:
            return clean, None
        known = self._quirks.get(positions.list_number(place), ())
        if number >= len(known):
            return clean, None
        spelled = decode(clean)
        known[number](spelled)
        body = encode(spelled)
        return body, clean if body != clean else None
