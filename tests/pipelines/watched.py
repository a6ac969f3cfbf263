"""A served account that notes what it is asked, and the loads that ask it; one of its requests can
be the death of whoever asks.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from pipelines.foundation.paths import response_logs_dir
from pipelines.gigstack.api import response_log
from pipelines.gigstack.api.response_log import SUFFIX, Header
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.simulation.account import Account
from pipelines.warehouse.run_log import LoadResult
from tests.pipelines.between import Between, path_of
from tests.pipelines.commands import COMMAND, access, environment
from tests.pipelines.loads import run, settings_for

PAGE_SIZE = 5  # many pages, and few lists long enough for slices


# the command line, which is killed as soon as it is about to do this to such a file
MORTAL = """
import os, re, signal, sys
import pipelines.cli.app

deed, path = sys.argv.pop(1), sys.argv.pop(1)

def die(event, args):
    if event == deed and re.search(path, str(args[0])):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die)
pipelines.cli.app.main()
"""


def mortal(deed: str, path: str) -> tuple[str, ...]:
    """The command that dies by this: an audit event of Python, and the end of a file's path."""
    return (sys.executable, "-c", MORTAL, deed, f"{path}$")


def harmless(_: int) -> None:
    """Whoever asks lives on."""


@dataclass
class Watched:
    """What is asked of a served account; `deadly` is told the number of each request, and may kill
    who asks, or refuse.
    """

    account: Account
    url: str = ""
    asked: list[str] = field(default_factory=list)
    deadly: Callable[[int], Response | None] = harmless

    @contextmanager
    def served(self) -> Iterator["Watched"]:
        with serving(Between(create_app(self.account), self._note)) as self.url:
            yield self

    def _note(self, request: Request) -> Response | None:
        self.asked.append(f"{path_of(request)}?{urlencode(sorted(request.query_params.items()))}")
        return self.deadly(len(self.asked))

    def run(self, data_dir: Path, *names: str, page_size: int = PAGE_SIZE) -> LoadResult:
        self.asked = []
        return run(settings_for(self.account, self.url, page_size=page_size), data_dir, *names)

    @contextmanager
    def command(
        self,
        where: Path,
        *names: str,
        command: tuple[str, ...] = COMMAND,
        page_size: int = PAGE_SIZE,
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """A load in a process of its own, which does not outlive this."""
        self.asked = []
        chosen = [part for name in names for part in ("--resource", name)]
        env = access(self.account, self.url) | {"SOURCES__GIGSTACK__PAGE_SIZE": str(page_size)}
        with subprocess.Popen(
            [*command, "load", "--team", "all", *chosen],
            cwd=where,
            env=environment(**env),
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                yield process
            finally:
                process.kill()


def newest(data_dir: Path) -> str:
    """The run with the newest journal."""
    return max(path.stem for path in (response_logs_dir(data_dir)).iterdir())


def header(data_dir: Path) -> Header:
    """Of the newest journal."""
    return response_log.header_of(response_logs_dir(data_dir), newest(data_dir))


def kept(data_dir: Path) -> set[str]:
    """The requests to which the newest journal has the answers."""
    path = response_logs_dir(data_dir) / f"{newest(data_dir)}{SUFFIX}"
    return {request for _, request in response_log.requests(path)}
