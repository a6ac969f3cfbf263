"""Runs on one warehouse take turns: a lock in its directory, beside Prefect's own limits.

Prefect limits the runs of one deployment; the lock also holds between deployments, servers and the
command line, and ends with the process that holds it. A flow run keeps its turn through all its
steps and retries, so that a retry goes on from the journal that its first try began.
API: https://py-filelock.readthedocs.io
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from filelock import FileLock, Timeout

from pipelines.foundation.errors import WarehouseBusyError, WarehouseError
from pipelines.foundation.lock import lock_path

POLL_SECONDS = 0.2


@contextmanager
def turn(data_dir: Path, wait_minutes: float) -> Iterator[None]:
    """Hold the warehouse for the length of a run.

    Errors: WarehouseBusyError when another run still holds it after `wait_minutes`.
    """
    deadline = monotonic() + wait_minutes * 60
    lock = FileLock(data_dir / "flow.lock", poll_interval=POLL_SECONDS)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=wait_minutes * 60)
    except Timeout as error:
        raise _busy(data_dir, "flow run", wait_minutes) from error
    except OSError as error:
        raise WarehouseError(f"{data_dir}: cannot be written ({error.strerror}).") from error
    with lock:
        _wait_for_commands(data_dir, max(0.0, deadline - monotonic()), wait_minutes)
        yield


def _wait_for_commands(data_dir: Path, seconds: float, wait_minutes: float) -> None:
    """Let a load of the command line come to its end; none that begins later is kept out."""
    try:
        with FileLock(lock_path(data_dir), timeout=seconds, poll_interval=POLL_SECONDS):
            pass
    except Timeout as error:
        raise _busy(data_dir, "load", wait_minutes) from error


def _busy(data_dir: Path, what: str, wait_minutes: float) -> WarehouseBusyError:
    return WarehouseBusyError(
        f"Another {what} is at work on {data_dir}, still after {wait_minutes:g} minutes of "
        "waiting. Nothing was done; the next run makes up for it."
    )
