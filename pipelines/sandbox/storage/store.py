"""The SQLite file of an account: the objects as they go over the wire, and what will happen next.

`body` is what the server sends; `canonical` is the clean object, kept only where a quirk made the
body differ. Numbers keep their decimal text: money is Decimal, never float.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

import msgspec

from pipelines.sandbox.storage import positions, quirks

SCHEMA = """
create table objects (position integer primary key, body blob not null, canonical blob);
create table agenda (
    due integer, serial integer, subject integer, action text, detail text,
    primary key (due, serial)
) without rowid;
create table document_links (
    parent integer, document integer, primary key (parent, document)
) without rowid;
create table state (name text primary key, value blob) without rowid;
"""
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
    serial: int
    subject: int
    action: str
    detail: str


class Store:
    """Reads see what was written before, also what is not flushed yet."""

    def __init__(self, path: Path, *, is_new: bool = False) -> None:
        self.lock = RLock()
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
        self._written: dict[int, Record] = {}
        self._added: list[int] = []
        self._planned: list[Event] = []
        self.counts: dict[int, int] = {
            int(name): count for name, count in (self.load("counts") or {}).items()
        }
        self.serial: int = self.load("serial") or 0

    def close(self) -> None:
        self._db.close()

    def next_serial(self) -> int:
        self.serial += 1
        return self.serial

    def add(self, place: int, record: Record) -> None:
        self._added.append(place)
        self._written[place] = record

    def put(self, place: int, record: Record) -> None:
        self._written[place] = record

    def remove(self, place: int) -> None:
        self.counts[positions.partition_of(place)] -= 1
        self._written.pop(place, None)
        self._db.execute("delete from objects where position = ?", (place,))

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

    def clean(self, team: int, stream: str) -> Iterator[tuple[int, bytes]]:
        """The JSON of a team's clean objects of a stream, oldest first."""
        start = positions.partition(team, stream)
        end = start + (1 << (positions.SECOND_BITS + positions.SERIAL_BITS))
        yield from self._db.execute(
            "select position, coalesce(canonical, body) from objects"
            " where position >= ? and position < ? order by position",
            (start, end),
        )

    def walk(self, team: int, stream: str) -> Iterator[tuple[int, Record]]:
        """A team's clean objects of a stream, oldest first."""
        for place, body in self.clean(team, stream):
            yield place, decode(body)

    def plan(self, due: int, subject: int, action: str, detail: str = "") -> None:
        self._planned.append(Event(due, self.next_serial(), subject, action, detail))

    def take_due(self, before: int) -> list[Event]:
        """The events due before this second, in order; they are taken off the agenda."""
        rows = self._db.execute(
            "select * from agenda where due < ? order by due, serial", (before,)
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
        self.save("serial", self.serial)
        self._db.execute("commit")

    def flush(self) -> None:
        """Write what the day changed."""
        for start, count in Counter(map(positions.partition_of, self._added)).items():
            self.counts[start] = self.counts.get(start, 0) + count
        rows = [
            (place, *quirks.written(place, self._written[place], encode, decode))
            for place in sorted(self._written)
        ]
        self._db.executemany("insert or replace into objects values (?, ?, ?)", rows)
        self._db.executemany("insert into agenda values (?, ?, ?, ?, ?)", self._planned)
        self._added.clear()
        self._written.clear()
        self._planned.clear()
