"""Runs the command line as a user does: in a process of its own, in an empty directory."""

import atexit
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.sandbox.api.auth import key_for
from pipelines.sandbox.simulation.account import Account
from tests.pipelines.warm import Warm, warm

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
    merged: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run it to its end, which comes within `PATIENCE`. `merged`: errors stand among the output."""
    its_own = environment(**(env or {}))
    if command == COMMAND:
        return _forked(cwd, arguments, its_own, merged)
    return subprocess.run(
        [*command, *arguments],
        cwd=cwd,
        env=its_own,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merged else subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def _forked(
    cwd: Path, arguments: tuple[str, ...], env: dict[str, str], merged: bool
) -> subprocess.CompletedProcess[str]:
    parent, where = _parent()
    output = where / "output.txt"
    errors = output if merged else where / "errors.txt"
    process = parent.start(cwd, *arguments, env=env, output=output, errors=errors)
    try:
        code = parent.wait(PATIENCE)
    except TimeoutError:
        os.kill(process, signal.SIGKILL)
        parent.wait()
        raise
    said = output.read_text(encoding="utf-8")
    wrong = "" if merged else errors.read_text(encoding="utf-8")
    return subprocess.CompletedProcess([*COMMAND, *arguments], code, said, wrong)


@cache
def _parent() -> tuple[Warm, Path]:
    """What all commands of this process are forked from, and where it lives; both end with it."""
    stack = ExitStack()
    atexit.register(stack.close)
    where = Path(stack.enter_context(TemporaryDirectory()))
    return stack.enter_context(warm(where, environment())), where
