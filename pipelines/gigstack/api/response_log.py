"""The answers of a run, kept in a compressed file: a run that died goes on from them, and an old
run is normalized again from them, without asking the API.

A journal is a row of records, each behind its length and its CRC-32: the header as JSON, what the
run plans to read, every answer as MessagePack with its body in LZ4, and nil once the run has
finished. It withstands a killed process, not a power cut, and is for one process and one thread at
a time.
API: https://arrow.apache.org/docs/python/generated/pyarrow.compress.html
"""

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from pipelines.foundation.errors import ConfigurationError

MAX_BYTES_PER_RUN = 4 * 2**30
MAX_BYTES = 2 * 2**30  # of all journals together
MAX_AGE = timedelta(days=7)
RESUME_WITHIN = timedelta(hours=12)
SUFFIX = ".journal"


class Origin(NamedTuple):
    """Whose records an answer holds."""

    resource: str
    team_id: str
    parent_id: str | None


@dataclass(frozen=True)
class Header:
    """What a run was asked for, `started_at` in UTC. A dead run is resumed only by one with the
    same `question`, which can be written as JSON and never holds the API key.
    """

    run_id: str
    started_at: datetime
    question: dict[str, Any]


class _Answer(NamedTuple):
    request: str
    origin: Origin
    size: int  # bytes of the body
    compressed: bytes

    @property
    def body(self) -> bytes:
        return pa.decompress(self.compressed, self.size, "lz4", asbytes=True)


_frame = struct.Struct("<II")  # length and CRC-32 of the record behind it
_header_decoder = msgspec.json.Decoder(Header)
_decoder = msgspec.msgpack.Decoder(_Answer | bytes | None)  # bytes: the plan


class ResponseLog:
    """The open file of one run; in memory is only where each answer lies. `plan` is what the run
    noted before it began to read, None until then.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.header = header
        self.plan: bytes | None = None
        self._places: dict[str, tuple[int, int]] = {}  # offset and length of the record
        records = _records(path)
        self._end, _ = next(records)
        for self._end, record in records:
            found = _decoder.decode(record)
            if isinstance(found, _Answer):
                self._places[found.request] = (self._end - len(record), len(record))
            elif found is not None:
                self.plan = found
        self._file = FileIO(path, "r+")
        self._file.truncate(self._end)  # what a killed process wrote by half

    def find(self, request: str) -> bytes | None:
        """The body that was kept for a request, read back from the file."""
        if request not in self._places:
            return None
        offset, length = self._places[request]
        self._file.seek(offset)
        answer = _decoder.decode(self._file.read(length))
        return answer.body if isinstance(answer, _Answer) else None

    def note(self, plan: bytes) -> None:
        """Keep what the run is going to read, for who goes on with it. Errors: OSError when the
        disk is full.
        """
        self._append(_framed(msgspec.msgpack.encode(plan)))
        self.plan = plan

    def keep(self, request: str, origin: Origin, body: bytes) -> None:
        """Append an answer; a later process finds it even if this one is killed right after.

        `request` is the path and the sorted parameters, and it is the caller's duty that the API
        key is in neither. Beyond `MOST_BYTES_A_RUN` nothing more is kept, silently: the run can
        be resumed, or normalized again, only up to there.
        Errors: OSError when the disk is full; what was kept before stays whole.
        """
        if self._end >= MAX_BYTES_PER_RUN:
            return
        # zstd halves the size, but takes half as long again to write and twice as long to read
        compressed = pa.compress(body, "lz4", asbytes=True)
        record = msgspec.msgpack.encode(_Answer(request, origin, len(body), compressed))
        self._append(_framed(record))
        self._places[request] = (self._end - len(record), len(record))

    def finish(self) -> None:
        """Mark the run as finished, and close. Errors: OSError when the disk is full."""
        try:
            self._append(_FINISHED)
        finally:
            self.close()

    def close(self) -> None:
        """Close without the mark: the run failed, and can be resumed."""
        self._file.close()

    def _append(self, framed: bytes) -> None:
        self._file.seek(self._end)
        rest = memoryview(framed)
        try:
            while rest:  # a disk that fills up takes a part first
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._file.truncate(self._end)
            raise
        self._end += len(framed)


def begin(directory: Path, header: Header) -> ResponseLog:
    """A new journal that only its owner can read. Errors: FileExistsError if the run has one."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"{header.run_id}{SUFFIX}"
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(_framed(msgspec.json.encode(header)))
    return ResponseLog(path, header)


def resumable(directory: Path, question: dict[str, Any], now: datetime) -> ResponseLog | None:
    """The newest journal of all, if it has this question, is unfinished and began within
    `RESUME_WITHIN` of `now` (UTC): open to find and to append, without a tail that is cut off or
    corrupt. An older one is never gone on with: a later run may have loaded what is newer.
    """
    asked = msgspec.json.decode(msgspec.json.encode(question))
    for started_at, path, header in _newest_first(directory):
        if header is None:
            continue
        if header.question != asked or now - started_at >= RESUME_WITHIN:
            return None
        with path.open("rb") as file:
            file.seek(-len(_FINISHED), os.SEEK_END)
            is_finished = file.read() == _FINISHED
        return None if is_finished else ResponseLog(path, header)
    return None


def header_of(directory: Path, run_id: str) -> Header:
    """What a run was asked for. Errors: ConfigurationError when it has no journal."""
    return _found(directory, run_id)[1]


def answers(directory: Path, run_id: str) -> Iterator[tuple[Origin, bytes]]:
    """Every body that a run kept, in order, finished or not. Errors: ConfigurationError, at once,
    when the run has no journal.
    """
    return ((answer.origin, answer.body) for answer in _answers(_found(directory, run_id)[0]))


def requests(path: Path) -> Iterator[tuple[Origin, str]]:
    """What a journal has answers to, in order."""
    return ((answer.origin, answer.request) for answer in _answers(path))


def _answers(path: Path) -> Iterator[_Answer]:
    records = _records(path)
    next(records)  # the header
    decoded = (_decoder.decode(record) for _, record in records)
    return (found for found in decoded if isinstance(found, _Answer))


def _found(directory: Path, run_id: str) -> tuple[Path, Header]:
    there = {
        header.run_id: (path, header) for _, path, header in _newest_first(directory) if header
    }
    if run_id not in there:
        names = ", ".join(there) or "none"
        raise ConfigurationError(f"No journal of run {run_id!r} in {directory}. There are: {names}")
    return there[run_id]


def prune(
    directory: Path, now: datetime, most_bytes: int = MAX_BYTES, oldest: timedelta = MAX_AGE
) -> None:
    """Delete the oldest journals beyond either bound, but never the newest that can be read."""
    journals = _newest_first(directory)
    newest = next((path for _, path, header in journals if header), None)
    total = 0
    for started_at, path, _ in journals:
        total += path.stat().st_size
        if path != newest and (total > most_bytes or now - started_at > oldest):
            path.unlink()


def _newest_first(directory: Path) -> list[tuple[datetime, Path, Header | None]]:
    """By the time in the header, or the file's own where there is no header to read."""
    found: list[tuple[datetime, Path, Header | None]] = []
    for path in directory.glob(f"*{SUFFIX}"):
        header = None
        with suppress(StopIteration, msgspec.DecodeError):
            header = _header_decoder.decode(next(_records(path))[1])
        changed_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        found.append((header.started_at if header else changed_at, path, header))
    return sorted(found, reverse=True)


def _records(path: Path) -> Iterator[tuple[int, bytes]]:
    """Every record with the offset of its end, up to one that is cut off or corrupt."""
    size = path.stat().st_size
    with path.open("rb") as file:
        while len(frame := file.read(_frame.size)) == _frame.size:
            length, checksum = _frame.unpack(frame)
            if not 0 < length <= size - file.tell():
                return
            record = file.read(length)
            if zlib.crc32(record) != checksum:
                return
            yield file.tell(), record


def _framed(record: bytes) -> bytes:
    return _frame.pack(len(record), zlib.crc32(record)) + record


_FINISHED = _framed(msgspec.msgpack.encode(None))
