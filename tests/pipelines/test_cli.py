"""The commands as a user runs them: exit codes, what goes where, and what is never shown."""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from pipelines.cli.demo import QUESTION
from pipelines.gigstack.api.findings import read_findings
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.sandbox.api.auth import key_for
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.api.traffic import template
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import Account
from tests.pipelines.commands import COMMAND, access, cli, environment
from tests.pipelines.loads import differences
from tests.pipelines.scripted import key

COMMANDS = (
    *("demo", "check", "load", "transform", "publish", "run"),
    *("report", "docs", "status", "sandbox"),
)


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A directory with nothing in it."""
    path = tmp_path / "empty"
    path.mkdir()
    return path


@pytest.fixture
def env(account: Account, base_url: str) -> dict[str, str]:
    return access(account, base_url)


def test_the_version_is_that_of_the_package(empty: Path) -> None:
    assert cli(empty, "--version").stdout.strip() == version("gigstack-etl")


def test_help_names_every_command_and_answers_at_once(empty: Path) -> None:
    done = cli(empty, "--help")
    assert done.returncode == 0
    assert set(COMMANDS) <= set(re.findall(r"^  (\w+)  ", done.stdout, re.MULTILINE))
    slow = ("dlt", "duckdb", "pyarrow", "httpx", "prefect", "plotly", "starlette")
    imported = [
        sys.executable,
        "-c",
        f"import pipelines.cli.app, sys; print(set({slow}) & sys.modules.keys())",
    ]
    found = subprocess.run(imported, capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_has_an_example(command: str, empty: Path) -> None:
    done = cli(empty, command, "--help")
    assert done.returncode == 0
    assert f"gigstack-etl {command}" in done.stdout.partition("Example:")[2]
    assert "--json" in done.stdout
    assert "key" not in " ".join(re.findall(r"--[a-z-]+", done.stdout)), "a key is no argument"


@pytest.mark.parametrize("command", ["check", "load"])
def test_without_a_key_it_says_what_to_set(command: str, empty: Path) -> None:
    done = cli(empty, command)
    assert done.returncode == 2
    assert "GIGSTACK_API_KEY" in done.stderr
    assert "gigstack-etl demo" in done.stderr
    _is_one_message(done)
    assert list(empty.rglob("*")) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("load", "--resource", "invoces"), "Did you mean 'invoices'?"),
        (("check", "--resource", "payment"), "Did you mean 'payments'?"),
        (("load", "--resources", "x"), "--resource"),
        (("laod",), "laod"),
        (("sandbox", "--port", "0", "--faults", "gremlins"), "throttle"),
        (("sandbox", "--port", "0", "--teams", "100"), "62"),
    ],
    ids=["unknown resource", "unknown stream", "option", "command", "fault", "too many teams"],
)
def test_wrong_usage_is_told_with_the_way_out(
    arguments: tuple[str, ...], told: str, empty: Path, env: dict[str, str]
) -> None:
    done = cli(empty, *arguments, env=env)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["check", "load"])
def test_a_selection_that_settings_leave_empty_is_wrong_usage(
    command: str, empty: Path, env: dict[str, str]
) -> None:
    no_documents = env | {"SOURCES__GIGSTACK__DOCUMENTS": "[]"}
    done = cli(empty, command, "--resource", "support_documents", env=no_documents)
    assert done.returncode == 2
    assert "documents" in done.stderr


@pytest.mark.parametrize("command", ["check", "load"])
def test_a_wrong_key_fails_and_is_not_shown(command: str, empty: Path, env: dict[str, str]) -> None:
    done = cli(empty, command, "--resource", "clients", env=env | {"GIGSTACK_API_KEY": key()})
    assert done.returncode == 1
    assert "401" in done.stderr
    _is_one_message(done)
    assert key() not in done.stdout + done.stderr


def test_an_unreachable_host_fails_and_is_named(empty: Path, env: dict[str, str]) -> None:
    with serving(nothing) as url:
        pass  # the port is free again, and nobody listens
    nowhere = env | {"GIGSTACK_API_BASE_URL": url, "SOURCES__GIGSTACK__DOCUMENTS": "[]"}
    done = cli(empty, "check", "--resource", "clients", env=nowhere)
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert url.removeprefix("http://").removesuffix("/v2") in said
    assert env["GIGSTACK_API_KEY"] not in said
    assert "Traceback" not in said


async def nothing(_scope: Any, _receive: Any, _send: Any) -> None:
    """An ASGI app that is never asked."""


def _is_one_message(done: subprocess.CompletedProcess[str]) -> None:
    lines = done.stderr.strip().splitlines()
    assert lines[-1].startswith("Error: ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_status_before_any_load_says_what_to_do(empty: Path) -> None:
    done = cli(empty, "status")
    assert done.returncode == 1
    assert "Run `gigstack-etl load` first" in done.stderr
    assert list(empty.rglob("*")) == []


def test_check_prints_one_document_and_writes_what_loads_read(
    account: Account, empty: Path, env: dict[str, str]
) -> None:
    env = env | {"SOURCES__GIGSTACK__PAGE_SIZE": "3"}
    done = cli(empty, "check", "--team", "all", "--json", env=env)
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert found["key_team"] == account.teams[0]
    assert set(found["teams"]) == set(account.teams)
    by_stream = {(f["stream"], f["team_id"]): f for f in found["findings"]}
    payments = by_stream["payments", account.teams[0]]
    assert (payments["status"], payments["paging"]) == ("ok", "next")
    assert payments["plan"] == "a window by created[gte] s, in pages of 3"
    assert payments["date_filter"] == "created[gte] s"
    assert by_stream["sat_invoices", account.teams[0]]["paging"] == "starting_after"
    assert found["account"]["livemode"] is True
    assert env["GIGSTACK_API_KEY"] not in done.stdout + done.stderr
    assert [path.name for path in empty.rglob("*")] == ["data", "api.json"]
    kept = read_findings(empty / "data", env["GIGSTACK_API_BASE_URL"])
    assert kept.date_filters["payments"] == "created[gte] s"
    assert kept.paths["sat_lists"] == "/sat-lists"


@pytest.fixture(scope="module")
def nightly(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A dry run, the load that it announces, and status, with what the sandbox counted."""
    where = tmp_path_factory.mktemp("nightly")
    names = ("teams", "clients", "services", "webhooks", "cfdi_errors", "sat_lists")
    chosen = [argument for name in names for argument in ("--resource", name)]
    with serving(create_app(account)) as url:
        controls = url.removesuffix("/v2") + "/_sandbox"
        variables = access(account, url)
        plan = cli(where, "load", "--team", "all", *chosen, "--dry-run", "--json", env=variables)
        written = list(where.rglob("*"))
        httpx.post(f"{controls}/reset-stats")
        load = cli(where, "load", "--team", "all", *chosen, "--json", env=variables)
        stats = httpx.get(f"{controls}/stats").json()
    status = cli(where, "status", "--json")
    yield {
        "where": where,
        "plan": plan,
        "written": written,
        "load": load,
        "stats": stats,
        "status": status,
    }


def test_a_dry_run_writes_nothing(nightly: dict[str, Any]) -> None:
    assert nightly["plan"].returncode == 0
    assert nightly["written"] == []


def test_a_dry_run_before_the_first_load_plans_the_window_it_is_given(
    empty: Path, env: dict[str, str]
) -> None:
    options = ("--since", "2026-09-01", "--resource", "receipts", "--resource", "clients")
    done = cli(empty, "load", "--dry-run", *options, "--json", env=env)
    windows = {(s["stream"], s["window"]) for s in json.loads(done.stdout) if s["team_id"]}
    assert {("receipts", "since 2026-09-01"), ("clients", "all")} <= windows
    assert list(empty.rglob("*")) == []


def test_a_dry_run_announces_the_requests_of_the_load(nightly: dict[str, Any]) -> None:
    steps = json.loads(nightly["plan"].stdout)
    made = nightly["stats"]["requests"]
    announced: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    for step in steps:
        resource = RESOURCES[step["stream"]]
        paths = {template(f"/v2{path}") for path in (*resource.paths, resource.own_path) if path}
        counted[resource.name] += sum(made.pop(path, 0) for path in paths)
        announced[resource.name] += step["expected_requests"] or 0
    for stream_name in {step["stream"] for step in steps if step["expected_requests"] is None}:
        del announced[stream_name], counted[stream_name]  # the API does not tell its total
    assert {"clients", "cfdi_errors"} <= announced.keys()
    assert counted == announced
    assert made == {}, "a load asks for nothing that its plan does not name"


def test_a_load_prints_one_document_that_is_true(account: Account, nightly: dict[str, Any]) -> None:
    done = nightly["load"]
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert (found["status"], found["rejects"], found["drift"]) == ("ok", 0, [])
    truth = expected(account)
    assert found["tables"]["clients"] == truth["clients"].rows
    assert found["requests"] == nightly["stats"]["total_requests"]
    data_dir = nightly["where"] / "data"
    assert found["warehouse"] == "data/warehouse.duckdb"
    assert differences(data_dir, {name: truth[name] for name in ("clients", "service_taxes")}) == {}


def test_status_prints_one_document_about_the_load(
    nightly: dict[str, Any], account: Account
) -> None:
    done = nightly["status"]
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert [run["status"] for run in found["runs"]] == ["ok"]
    assert found["runs"][0]["run_id"] == json.loads(nightly["load"].stdout)["run_id"]
    rows = {table["table_name"]: table["rows"] for table in found["tables"]}
    assert rows["clients"] == expected(account)["clients"].rows
    assert (found["rejects"], found["pending_packages"], found["streams"]) == (0, 0, [])


def test_the_key_is_nowhere(account: Account, nightly: dict[str, Any]) -> None:
    secret = key_for(account)
    for done in (nightly["plan"], nightly["load"], nightly["status"]):
        assert secret not in done.stdout + done.stderr
        assert not any(secret in argument for argument in done.args)
    files = [path for path in nightly["where"].rglob("*") if path.is_file()]
    assert any(path.suffix == ".duckdb" for path in files)
    signature = secret.rpartition(".")[2].encode()
    assert [path for path in files if signature in path.read_bytes()] == []
    with duckdb.connect(nightly["where"] / "data/warehouse.duckdb", read_only=True) as warehouse:
        columns = warehouse.execute(
            "select table_schema, table_name, column_name from information_schema.columns "
            "where data_type in ('VARCHAR', 'JSON')"
        ).fetchall()
        for schema, table, column in columns:
            hits = warehouse.execute(
                f'select count(*) from {schema}.{table} where contains("{column}"::varchar, $key)',
                {"key": signature.decode()},
            ).fetchone()
            assert hits == (0,), (schema, table, column)


def test_a_list_without_an_end_needs_a_look(account: Account, empty: Path) -> None:
    with serving(create_app(account, faults=("missing_cursor",), fault_rate=1.0)) as url:
        chosen = ("--resource", "services", "--resource", "cfdi_errors")
        variables = access(account, url)
        done = cli(empty, "load", *chosen, env=variables | {"SOURCES__GIGSTACK__PAGE_SIZE": "5"})
    assert done.returncode == 3
    assert "the API says there is more, and gives no cursor to it" in done.stdout
    assert "partial" in done.stdout
    status = cli(empty, "status")
    assert status.returncode == 3
    assert "no cursor" in status.stdout


@contextmanager
def running(cwd: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_the_sandbox_answers_until_it_is_interrupted(empty: Path) -> None:
    account = ("--clients", "5", "--months", "1", "--teams", "1")
    with running(empty, "sandbox", "--port", "0", "--json", *account) as process:
        assert process.stdout
        lines: list[str] = []
        while not lines or lines[-1] != "}\n":
            lines.append(process.stdout.readline())
            assert lines[-1], "it ended before it was ready"
        ready = json.loads("".join(lines))
        headers = {"Authorization": f"Bearer {ready['api_key']}"}
        answer = httpx.get(f"{ready['base_url']}/clients", headers=headers, timeout=10)
        command_line = Path(f"/proc/{process.pid}/cmdline")
        shown = command_line.read_bytes() if command_line.exists() else b""
        os.kill(process.pid, signal.SIGINT)
        rest, errors = process.communicate(timeout=15)
    assert answer.status_code == 200
    assert answer.json()["data"]
    assert ready["api_key"].encode() not in shown
    assert rest == ""
    assert "Traceback" not in errors
    assert process.returncode in (0, 130)
    assert list(empty.rglob("*")) == []


def test_the_demo_shows_progress_tables_query_and_paths_in_this_order(empty: Path) -> None:
    done = cli(empty, "demo", merged=True)
    assert done.returncode in (0, 3)
    landmarks = (
        "Loading 2 teams",
        "clients team_",
        "Loaded",
        "invoice_items",
        QUESTION,
        "order by owed desc",
        "oldest ",
        " models and ",
        "Published run",
        "Warehouse: data/demo/warehouse.duckdb",
        "For BI:    data/demo/published/analytics.duckdb",
        "data/demo/report.html",
        "Business, Evidence and risk, Operation",
        "gigstack-etl status",
    )
    places = [done.stdout.find(text) for text in landmarks]
    assert -1 not in places, dict(zip(landmarks, places, strict=True))
    assert places == sorted(places)
    status = cli(empty, "status", "--data-dir", "data/demo")
    assert status.returncode == done.returncode
