"""Ctrl-C and SIGTERM end a command soon, say what is kept, and leave no process behind."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.foundation.paths import response_logs_dir
from pipelines.foundation.signals import Interrupted, signal_behind
from pipelines.gigstack.api.response_log import requests
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.simulation.account import Account
from tests.accounts import create_account
from tests.pipelines.commands import COMMAND, access, cli, environment
from tests.pipelines.loads import query

PATIENCE = 60  # seconds until a command is at work, however slow the machine
LATENCY = 30_000  # milliseconds: no answer comes in time


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    path = tmp_path_factory.mktemp("signals") / "account.sqlite"
    with create_account(path, clients=4, months=1) as created:
        yield created


def started(cwd: Path, *arguments: str, **env: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class SilentAfter:
    """ASGI middleware: answers so many `requests` (None: all), and none after them until the client
    goes away."""

    def __init__(self, app: ASGIApp, requests: int | None) -> None:
        self.requests = requests
        self._app = app
        self._seen = 0

    @property
    def is_silent(self) -> bool:
        return self.requests is not None and self._seen > self.requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._seen += scope["type"] == "http"
        if scope["type"] == "http" and self.is_silent:
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await self._app(scope, receive, send)


def kept_answers(data_dir: Path) -> int:
    return sum(len(list(requests(path))) for path in response_logs_dir(data_dir).glob("*"))


def wait_until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    return [int(child) for child in found]


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2]
    except FileNotFoundError:
        return False
    return state.split()[0] != "Z"


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)
def test_a_load_that_waits_for_answers_ends_at_once(
    account: Account, tmp_path: Path, sent: signal.Signals, code: int
) -> None:
    """It would wait thirty seconds for each. The next run has all it needs to go on."""
    app = create_app(account, latency_ms=LATENCY)
    with serving(app) as url, started(tmp_path, "load", **access(account, url)) as process:
        wait_until(lambda: list(response_logs_dir(tmp_path / "data").glob("*")))
        asked = time.monotonic()
        process.send_signal(sent)
        _, errors = process.communicate(timeout=PATIENCE)
        took = time.monotonic() - asked
    assert process.returncode == code
    assert errors.splitlines()[-1].startswith("Interrupted. What was loaded")
    assert "Traceback" not in errors
    assert took < LATENCY / 1000 / 2  # no answer was waited for


def test_the_load_after_one_that_was_interrupted_goes_on(account: Account, tmp_path: Path) -> None:
    api = SilentAfter(create_app(account), requests=20)
    with serving(api) as url:
        env = access(account, url)
        with started(tmp_path, "load", **env) as process:
            wait_until(lambda: api.is_silent and kept_answers(tmp_path / "data"))
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=PATIENCE)
        api.requests = None
        with started(tmp_path, "load", **env) as again:
            said, errors = again.communicate(timeout=PATIENCE)
    assert again.returncode == 0, errors
    assert "from an interrupted run" in said
    runs = query(tmp_path / "data", "select run_id, status from ops.runs order by started_at")
    assert runs[-1]["status"] == "ok"


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "kill -9"])
def test_dbt_ends_with_the_transform_that_began_it(
    account: Account, tmp_path: Path, sent: signal.Signals
) -> None:
    with serving(create_app(account)) as url:
        done = cli(tmp_path, "load", env=access(account, url))
    assert done.returncode == 0, done.stderr
    with started(tmp_path, "transform") as process:
        wait_until(lambda: children(process.pid))
        (dbt,) = children(process.pid)
        time.sleep(0.5)  # until dbt has begun
        process.send_signal(sent)
        process.communicate(timeout=PATIENCE)
    wait_until(lambda: not is_running(dbt))
    assert process.returncode == (143 if sent == signal.SIGTERM else -signal.SIGKILL)


def raised(*errors: BaseException) -> BaseException:
    """The first one, raised as tasks raise it: in a group, and from it."""
    group = BaseExceptionGroup("tasks", errors)
    try:
        raise errors[0] from group
    except BaseException as error:
        return error


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (raised(ValueError("of a task")), None),
        (raised(ValueError("of a task"), Interrupted(signal.SIGTERM)), signal.SIGTERM),
        (BaseExceptionGroup("tasks", [KeyboardInterrupt()]), signal.SIGINT),
        (SystemExit(1), None),
    ],
    ids=["an error and its group", "beside one of a task", "in a group", "an exit"],
)
def test_a_signal_is_found_behind_an_error_and_errors_may_name_each_other(
    error: BaseException, number: int | None
) -> None:
    assert signal_behind(error) == number
