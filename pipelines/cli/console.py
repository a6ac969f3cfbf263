"""Where commands print, and their exit codes. Results go to stdout, everything else to stderr."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.monitoring.result import RunResult
    from pipelines.warehouse.run_log import LoadResult

NEEDS_ATTENTION = 3


def consoles() -> "tuple[Console, Console]":
    """Stdout and stderr."""
    from rich.console import Console

    return Console(), Console(stderr=True)


def print_json(document: object) -> None:
    sys.stdout.write(json.dumps(document, default=str, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def print_path(label: str, path: Path) -> None:
    consoles()[0].print(f"{label}: {path}", highlight=False, soft_wrap=True)


def exit_code(result: "LoadResult | RunResult") -> int:
    return {"ok": 0, "failed": 1}.get(result.status, NEEDS_ATTENTION)
