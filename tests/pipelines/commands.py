"""Runs the command line as a user does: in a process of its own, in an empty directory."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipelines.sandbox.api.auth import key_for
from pipelines.sandbox.simulation.account import Account

PATIENCE = 300  # seconds, for any command; the demo builds all models
COMMAND = (sys.executable, "-m", "pipelines")
OURS = ("GIGSTACK", "SOURCES__", "RUNTIME__", "COLUMNS")


def environment(**more: str) -> dict[str, str]:
    """That of the tests without any setting of ours; wide enough that no line is wrapped."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return plain | {"COLUMNS": "200"} | more


def access(account: Account, url: str) -> dict[str, str]:
    """The variables that reach a served account."""
    return {
        "GIGSTACK_API_KEY": key_for(account),
        "GIGSTACK_API_BASE_URL": url,
        "SOURCES__GIGSTACK__REQUESTS_PER_SECOND": "10000",
    }


def cli(
    cwd: Path,
    *arguments: str,
    env: dict[str, str] | None = None,
    command: tuple[str, ...] = COMMAND,
    **options: Any,
) -> subprocess.CompletedProcess[str]:
    """Run it to its end, which comes within `PATIENCE`."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(
        [*command, *arguments],
        cwd=cwd,
        env=environment(**(env or {})),
        text=True,
        timeout=PATIENCE,
        check=False,
        **streams,
    )
