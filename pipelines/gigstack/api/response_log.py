"""The API's answers of a run, kept in a compressed file.

An interrupted run resumes from its response log, and an old run can be normalized again from it,
without another request.

The file is a sequence of records, each after its length and its CRC-32: the header as JSON, what
the run plans to read, every answer as MessagePack with its body in LZ4, and nil once the run has
finished. It survives a killed process, but not a power cut. Only one thread of one process may use
it at a time.
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
MAX_BYTES = 2 * 2**30  # of all logs together
MAX_AGE = timedelta(days=7)
RESUME_WITHIN = timedelta(hours=12)
SUFFIX = ".journal"


class Origin(NamedTuple):
    """The list that an answer belongs to."""

    resource: str
    team_id: str
    parent_id: str | None


@dataclass(frozen=True)
class Header:
    """What a run was asked to load; `started_at` is in UTC.

    Only a run with the same `question` resumes an interrupted one. It must be JSON-serializable and
    never holds the API key.
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


_FRAME_HEADER = struct.Struct("<II")  # length and CRC-32 of the record that follows
_header_decoder = msgspec.json.Decoder(Header)
_decoder = msgspec.msgpack.Decoder(_Answer | bytes | None)  # bytes are the plan


class ResponseLog:
    """The open log of one run. Memory holds only the location of each answer in the file.

    `plan` is what the run saved before its first request, None until then.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.header = header
        self.plan: bytes | None = None
        self._locations: dict[str, tuple[int, int]] = {}  # offset and length of the record
        records = _read_records(path)
        self._end, _ = next(records)
        for self._end, record in records:
            content = _decoder.decode(record)
            if isinstance(content, _Answer):
                self._locations[content.request] = (self._end - len(record), len(record))
            elif content is not None:
                self.plan = content
        self._file = FileIO(path, "r+")
        self._file.truncate(self._end)  # a killed process may have written half a record

    def find(self, request: str) -> bytes | None:
        """The body of the answer to a request, read back from the file."""
        if request not in self._locations:
            return None
        offset, length = self._locations[request]
        self._file.seek(offset)
        answer = _decoder.decode(self._file.read(length))
        return answer.body if isinstance(answer, _Answer) else None

    def save_plan(self, plan: bytes) -> None:
        """Save what the run is about to read, so that a resumed run reads the same.

        Raises:
            OSError: The disk is full.
        """
        self._write(_frame(msgspec.msgpack.encode(plan)))
        self.plan = plan

    def append(self, request: str, origin: Origin, body: bytes) -> None:
        """Append an answer; it survives even if this process is killed right afterwards.

        `request` is the path with its sorted parameters. The caller makes sure that neither holds
        the API key. Beyond `MAX_BYTES_PER_RUN` answers are silently dropped: the run can then be
        resumed, or normalized again, only up to that point.

        Raises:
            OSError: The disk is full; what was written before stays intact.
        """
        if self._end >= MAX_BYTES_PER_RUN:
            return
        # zstd halves the size, but takes 50 % longer to write and twice as long to read
        compressed = pa.compress(body, "lz4", asbytes=True)
        record = msgspec.msgpack.encode(_Answer(request, origin, len(body), compressed))
        self._write(_frame(record))
        self._locations[request] = (self._end - len(record), len(record))

    def finish(self) -> None:
        """Mark the run as finished, and close the file.

        Raises:
            OSError: The disk is full.
        """
        try:
            self._write(_FINISHED)
        finally:
            self.close()

    def close(self) -> None:
        """Close the file without the mark: the run failed and can be resumed."""
        self._file.close()

    def _write(self, frame: bytes) -> None:
        self._file.seek(self._end)
        remaining = memoryview(frame)
        try:
            while remaining:  # on a disk that fills up, the first write may be a partial one
                remaining = remaining[self._file.write(remaining) :]
        except OSError:
            self._file.truncate(self._end)
            raise
        self._end += len(frame)


def begin(directory: Path, header: Header) -> ResponseLog:
    """A new log that only its owner can read.

    Raises:
        FileExistsError: The run already has a log.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"{header.run_id}{SUFFIX}"
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(_frame(msgspec.json.encode(header)))
    return ResponseLog(path, header)


def resumable(directory: Path, question: dict[str, Any], now: datetime) -> ResponseLog | None:
    """The newest log, opened, if it has this question, is unfinished and is recent enough.

    Recent means that it began within `RESUME_WITHIN` of `now` (UTC). A truncated or corrupt tail is
    dropped. An older log never resumes: a later run may have loaded newer rows.
    """
    same_question = msgspec.json.decode(msgspec.json.encode(question))
    for started_at, path, header in _newest_first(directory):
        if header is None:
            continue
        if header.question != same_question or now - started_at >= RESUME_WITHIN:
            return None
        return None if _is_finished(path) else ResponseLog(path, header)
    return None


def _is_finished(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-len(_FINISHED), os.SEEK_END)
        return file.read() == _FINISHED


def header_of(directory: Path, run_id: str) -> Header:
    """What a run was asked to load.

    Raises:
        ConfigurationError: The run has no log.
    """
    return _find_log(directory, run_id)[1]


def answers(directory: Path, run_id: str) -> Iterator[tuple[Origin, bytes]]:
    """Every body that a run received, in order, whether the run finished or not.

    Raises:
        ConfigurationError: The run has no log; raised at once.
    """
    path, _ = _find_log(directory, run_id)
    return ((answer.origin, answer.body) for answer in _read_answers(path))


def requests(path: Path) -> Iterator[tuple[Origin, str]]:
    """The requests that a log has answers to, in order."""
    return ((answer.origin, answer.request) for answer in _read_answers(path))


def _read_answers(path: Path) -> Iterator[_Answer]:
    records = _read_records(path)
    next(records)  # the header
    contents = (_decoder.decode(record) for _, record in records)
    return (content for content in contents if isinstance(content, _Answer))


def _find_log(directory: Path, run_id: str) -> tuple[Path, Header]:
    logs = {header.run_id: (path, header) for _, path, header in _newest_first(directory) if header}
    if run_id not in logs:
        available = ", ".join(logs) or "none"
        raise ConfigurationError(
            f"Run {run_id!r} has no response log in {directory}. Runs that have one: {available}."
        )
    return logs[run_id]


def prune(
    directory: Path, now: datetime, max_bytes: int = MAX_BYTES, max_age: timedelta = MAX_AGE
) -> None:
    """Delete the oldest logs beyond either limit, but never the newest readable one."""
    logs = _newest_first(directory)
    newest = next((path for _, path, header in logs if header), None)
    total = 0
    for started_at, path, _ in logs:
        total += path.stat().st_size
        if path != newest and (total > max_bytes or now - started_at > max_age):
            path.unlink()


def _newest_first(directory: Path) -> list[tuple[datetime, Path, Header | None]]:
    """All logs by the time in their header, or the file's own time if the header is unreadable."""
    logs: list[tuple[datetime, Path, Header | None]] = []
    for path in directory.glob(f"*{SUFFIX}"):
        header = None
        with suppress(StopIteration, msgspec.DecodeError):
            header = _header_decoder.decode(next(_read_records(path))[1])
        changed_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        logs.append((header.started_at if header else changed_at, path, header))
    return sorted(logs, reverse=True)


def _read_records(path: Path) -> Iterator[tuple[int, bytes]]:
    """Every record with the offset of its end, up to one that is truncated or corrupt."""
    size = path.stat().st_size
    with path.open("rb") as file:
        while len(frame_header := file.read(_FRAME_HEADER.size)) == _FRAME_HEADER.size:
            length, checksum = _FRAME_HEADER.unpack(frame_header)
            if not 0 < length <= size - file.tell():
                return
            record = file.read(length)
            if zlib.crc32(record) != checksum:
                return
            yield file.tell(), record


def _frame(record: bytes) -> bytes:
    return _FRAME_HEADER.pack(len(record), zlib.crc32(record)) + record


_FINISHED = _frame(msgspec.msgpack.encode(None))
