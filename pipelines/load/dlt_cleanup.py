"""The packages of dlt: what lies in its working directory between two runs, and must not.

API: https://dlthub.com/docs/general-usage/destination-tables#load-packages-and-load-ids
"""

import re
import shutil
from pathlib import Path

from pipelines.foundation.paths import dlt_dir

PIPELINE = "gigstack"
HALF_A_FILE = re.compile("[0-9a-f]{16}")  # what dlt calls a file until it is written


def pending(data_dir: Path) -> int:
    """How many packages a run which died has left to be loaded: directories, since it may have
    left half a file beside them.
    """
    working = dlt_dir(data_dir) / PIPELINE
    return sum(
        1
        for waiting in ("normalize/extracted", "load/normalized")
        for _ in working.glob(f"{waiting}/*/")
    )


def remove_leftovers(data_dir: Path) -> None:
    """Clear what would stay for ever, or fail all later runs, so that dlt loads what is pending.

    A run may die between any two steps of dlt: with a file that has no name yet, with a package
    that is only begun, in two places at once, or done with but not put away, and with a package
    whose schema is not yet that of the pipeline. What is loaded, dlt never removes.
    """
    working = dlt_dir(data_dir) / PIPELINE
    for path in working.rglob("*"):
        if HALF_A_FILE.fullmatch(path.name) and path.is_file():
            path.unlink()
    extracted, normalized = working / "normalize/extracted", working / "load/normalized"
    loaded = working / "load/loaded"
    for mark in normalized.glob("*/package_completed.json"):
        mark.parent.rename(loaded / mark.parent.name)  # at once, since half a package would count
    directories = [
        *(path for path in extracted.parent.glob("*/") if path != extracted),  # begun
        *working.glob("load/new/*"),  # begun
        *(path for path in extracted.glob("*/") if (normalized / path.name).exists()),
        *loaded.glob("*"),
    ]
    for directory in directories:
        shutil.rmtree(directory)
    for schema in extracted.glob("*/schema.json"):
        shutil.copy(schema, working / f"schemas/{PIPELINE}.schema.json")
