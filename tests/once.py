"""What is made once for the whole run, though several processes test side by side.

The first process that asks for it makes it, in a directory that all of them share; the others wait
and are given the same. API: https://pytest-xdist.readthedocs.io/en/stable/how-to.html
"""

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from filelock import FileLock

Made = TypeVar("Made")
MAKING_SECONDS = 600.0  # at most, for anything


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Made]) -> Made:
    """What `make` returned for the directory of this name. Shared: read it, or copy its files."""
    where = _shared_by_all_processes(factory) / name
    returned = where.with_suffix(".made")
    where.parent.mkdir(exist_ok=True)
    with FileLock(where.with_suffix(".lock"), timeout=MAKING_SECONDS):
        if not returned.exists():
            shutil.rmtree(where, ignore_errors=True)  # of a process that failed to make it
            where.mkdir()
            returned.write_bytes(pickle.dumps(make(where)))
    found: Made = pickle.loads(returned.read_bytes())  # noqa: S301 - this function wrote it
    return found


def _shared_by_all_processes(factory: pytest.TempPathFactory) -> Path:
    base = factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
