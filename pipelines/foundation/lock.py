"""The lock of a data directory: one run at a time writes below it.

API: https://py-filelock.readthedocs.io
"""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from pipelines.foundation.errors import WarehouseBusyError, WarehouseError


def lock_path(data_dir: Path) -> Path:
    return data_dir / "load.lock"


@contextmanager
def exclusive_run(data_dir: Path) -> Iterator[None]:
    """Hold the data directory while the block runs.

    Raises:
        WarehouseBusyError: Another run holds it; the message says which.
        WarehouseError: The directory cannot be written.
    """
    path, holder = lock_path(data_dir), data_dir / "load.holder"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=0)
        lock.acquire()
        since = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
        holder.write_text(f"process {os.getpid()} on {platform.node()}, since {since}")
    except Timeout as error:
        who = holder.read_text() if holder.exists() else "an unknown process"
        raise WarehouseBusyError(
            f"Another load is running on {data_dir} ({who}; it holds {path})."
        ) from error
    except OSError as error:
        raise WarehouseError(f"{data_dir}: cannot be written ({error.strerror}).") from error
    with lock:
        yield
