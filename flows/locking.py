"""Locks a warehouse for a flow run, in addition to Prefect's own limits.

Prefect limits the runs of one deployment. This lock also works between deployments, servers and the
command line, and ends with the process that holds it. A flow run keeps it through all its steps and
retries, so that a retry resumes the load that its first attempt began.
API: https://py-filelock.readthedocs.io
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from filelock import FileLock, Timeout

from pipelines.foundation.errors import WarehouseBusyError, WarehouseError
from pipelines.foundation.paths import flow_lock_path, lock_path

POLL_SECONDS = 0.2


@contextmanager
def locked(data_dir: Path, wait_minutes: float) -> Iterator[None]:
    """Lock the warehouse while the block runs.

    Raises:
        WarehouseBusyError: Another run still uses it after `wait_minutes`.
        WarehouseError: The directory cannot be written.
    """
    deadline = monotonic() + wait_minutes * 60
    lock = FileLock(flow_lock_path(data_dir), poll_interval=POLL_SECONDS)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=wait_minutes * 60)
    except Timeout as error:
        raise _busy(data_dir, "flow run", wait_minutes) from error
    except OSError as error:
        raise WarehouseError(f"{data_dir} cannot be written: {error.strerror}.") from error
    with lock:
        _wait_for_command(data_dir, max(0.0, deadline - monotonic()), wait_minutes)
        yield


def _wait_for_command(data_dir: Path, seconds: float, wait_minutes: float) -> None:
    """Wait until a load of the command line has ended. This does not stop a later one."""
    try:
        with FileLock(lock_path(data_dir), timeout=seconds, poll_interval=POLL_SECONDS):
            pass
    except Timeout as error:
        raise _busy(data_dir, "load", wait_minutes) from error


def _busy(data_dir: Path, holder: str, wait_minutes: float) -> WarehouseBusyError:
    return WarehouseBusyError(
        f"Another {holder} is using {data_dir}; this run waited {wait_minutes:g} minutes for it. "
        "Nothing was loaded; the next run will load it."
    )
