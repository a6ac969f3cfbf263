"""Cleans up dlt's working directory, where a killed run may leave packages in any state.

API: https://dlthub.com/docs/general-usage/destination-tables#load-packages-and-load-ids
"""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pipelines.foundation.paths import dlt_dir

PIPELINE = "gigstack"
DAMAGED = ".damaged-"  # in the name of what was set aside
UNFINISHED_FILE = re.compile("[0-9a-f]{16}")  # what dlt calls a file until it is written


def set_damaged_aside(data_dir: Path) -> Path | None:
    """Move dlt's directory away if dlt could not read a file of its own there; return its place.

    dlt then takes both from the warehouse. What an interrupted run had extracted comes again from
    its response log.
    """
    working = dlt_dir(data_dir) / PIPELINE
    files = (working / "state.json", *working.glob("schemas/*.json"))
    if all(_is_object(file) for file in files if file.exists()):
        return None
    return set_aside(data_dir)


def set_aside(data_dir: Path) -> Path:
    """Move dlt's directory away; return its place."""
    working = dlt_dir(data_dir) / PIPELINE
    return working.rename(
        working.with_name(f"{PIPELINE}{DAMAGED}{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    )


def _is_object(file: Path) -> bool:
    try:
        return isinstance(json.loads(file.read_bytes()), dict)
    except ValueError:
        return False


def pending(data_dir: Path) -> int:
    """How many packages of an interrupted run are still to be loaded. Only directories count,
    since unfinished files may lie beside them.
    """
    working = dlt_dir(data_dir) / PIPELINE
    return sum(
        1
        for waiting in ("normalize/extracted", "load/normalized")
        for _ in working.glob(f"{waiting}/*/")
    )


def remove_leftovers(data_dir: Path) -> None:
    """Remove what would stay for ever or fail all later runs, so that dlt loads what is pending.

    A run can be killed between any two steps of dlt. It then leaves a file without its final name;
    a package that is incomplete, in two places at once, or loaded and not yet moved; or a package
    whose schema the pipeline does not have yet. dlt itself never removes loaded packages.
    """
    working = dlt_dir(data_dir) / PIPELINE
    for path in working.rglob("*"):
        if UNFINISHED_FILE.fullmatch(path.name) and path.is_file():
            path.unlink()
    for marker in (working / "load/normalized").glob("*/package_completed.json"):
        # renamed first: while it is removed, half a package would count as pending
        marker.parent.rename(working / "load/loaded" / marker.parent.name)
    for directory in list(_obsolete(working)):
        shutil.rmtree(directory)
    for schema in (working / "normalize/extracted").glob("*/schema.json"):
        shutil.copy(schema, working / f"schemas/{PIPELINE}.schema.json")


def _obsolete(working: Path) -> Iterator[Path]:
    """Incomplete packages, extracted ones that are already normalized, and loaded ones."""
    extracted, normalized = working / "normalize/extracted", working / "load/normalized"
    yield from (path for path in extracted.parent.glob("*/") if path != extracted)
    yield from working.glob("load/new/*")
    yield from (path for path in extracted.glob("*/") if (normalized / path.name).exists())
    yield from (working / "load/loaded").glob("*")
