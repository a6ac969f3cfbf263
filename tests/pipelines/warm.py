"""The command line without the second that it takes to start: each command is a process of its own,
forked from one that has imported everything and done nothing.
"""

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 300.0  # seconds, for any command
SAID = "said.txt"  # in the working directory of a command: what it printed
PARENT = """
import json, os, pkgutil, sys
from importlib import import_module
import dlt.destinations.impl.duckdb.duck
import pipelines

for module in pkgutil.walk_packages(pipelines.__path__, "pipelines."):
    if not module.name.endswith("__main__"):
        import_module(module.name)

def opened(path):
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

for line in sys.stdin:
    arguments, cwd, env, output, errors = json.loads(line)
    if child := os.fork():
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(opened(output), 1)
    os.dup2(1 if errors == output else opened(errors), 2)
    sys.argv = ["gigstack-etl", *arguments]
    code = 1
    try:
        pipelines.cli.app.main()
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.stdout.flush()
        os._exit(code)
"""


@dataclass(frozen=True)
class Warm:
    """Runs one command at a time."""

    parent: "subprocess.Popen[bytes]"

    def start(
        self,
        cwd: Path,
        *arguments: str,
        env: dict[str, str],
        output: Path | str = SAID,
        errors: Path | str = SAID,
    ) -> int:
        """Start a command in exactly this environment; its process id."""
        assert self.parent.stdin
        order = json.dumps((arguments, str(cwd), env, str(output), str(errors)))
        self.parent.stdin.write(f"{order}\n".encode())
        return int(self._told(PATIENCE))

    def wait(self, seconds: float = PATIENCE) -> int:
        """Its exit code. Errors: TimeoutError when it has not ended by then."""
        return int(self._told(seconds))

    def _told(self, seconds: float) -> bytes:
        assert self.parent.stdout
        if not select.select([self.parent.stdout], [], [], seconds)[0]:
            raise TimeoutError(f"nothing was heard for {seconds:.1f} s")
        return self.parent.stdout.readline()


@contextmanager
def warm(where: Path, env: dict[str, str]) -> Iterator[Warm]:
    """The process that all commands are forked from; nothing is read where it lives."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        cwd=where,
        env=env | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as parent:
        yield Warm(parent)
