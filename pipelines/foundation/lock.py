"""The lock of a data directory: only one run at a time writes to it.

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
from pipelines.foundation.paths import lock_holder_path, lock_path, private_paths
from pipelines.foundation.privacy import close_to_others


@contextmanager
def exclusive_run(data_dir: Path) -> Iterator[None]:
    """Lock the data directory while the block runs.

    Raises:
        WarehouseBusyError: Another run holds the lock; the message names it.
        WarehouseError: The directory cannot be written.
    """
    path, holder = lock_path(data_dir), lock_holder_path(data_dir)
    lock = FileLock(path, timeout=0)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        holder.write_text(_this_process())
    except Timeout as error:
        who = holder.read_text() if holder.exists() else "an unknown process"
        raise WarehouseBusyError(
            f"Another load is running on {data_dir} ({who}; it holds {path})."
        ) from error
    except OSError as error:
        raise WarehouseError(f"{data_dir} cannot be written: {error.strerror}.") from error
    with lock:
        close_to_others(*private_paths(data_dir))
        yield


def _this_process() -> str:
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"process {os.getpid()} on {platform.node()}, since {now}"
