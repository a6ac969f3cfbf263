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

from tests.pipelines.commands import PATIENCE, environment

SAID = "said.txt"  # in the working directory of a command: what it printed
PARENT = f"""
import json, os, sys
import dlt.destinations.impl.duckdb.duck
import pipelines.cli.app, pipelines.cli.output, pipelines.cli.progress
import pipelines.cli.documents, pipelines.load.run, pipelines.load.select

for line in sys.stdin:
    arguments, cwd, env = json.loads(line)
    if child := os.fork():
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    said = os.open("{SAID}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
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

    def start(self, cwd: Path, *arguments: str, env: dict[str, str]) -> int:
        """Start a command; its process id."""
        assert self.parent.stdin
        order = json.dumps((arguments, str(cwd), environment(**env)))
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
def warm(where: Path) -> Iterator[Warm]:
    """The process that all commands are forked from; nothing is read where it lives."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        cwd=where,
        env=environment(PYTHONPATH=os.pathsep.join(sys.path)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as parent:
        yield Warm(parent)
