"""How runs end: their states, and what they leave to read. Nothing has changed in the account, so
that no models are built here.
"""

from pathlib import Path

import pytest
from prefect.blocks.system import Secret
from prefect.client.orchestration import SyncPrefectClient
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from flows import steps
from flows.refresh_documents import refresh_documents
from flows.settings import KEY_BLOCK
from pipelines.sandbox.api.auth import key_for
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.simulation.account import Account
from tests.flows.conftest import configure
from tests.flows.runs import artifacts, logs, run_of
from tests.pipelines.between import Between, failure, path_of
from tests.pipelines.loads import query

LAST_RUN = "(select run_id from ops.runs order by started_at desc limit 1)"


@pytest.mark.usefixtures("reach")
def test_where_nothing_changed_nothing_is_built(client: SyncPrefectClient, data_dir: Path) -> None:
    state = refresh_documents(teams=["all"], data_dir=data_dir, return_state=True)
    assert (state.type.value, state.name) == ("COMPLETED", "Completed"), state.message
    run = run_of(client, state)
    assert run.name.startswith("refresh-documents all teams, documents, 20")
    left = artifacts(client, run.id)
    resources = {row["stream"] for row in left["gigstack-refresh-documents-streams"]}
    assert resources == {"clients", "client_support_documents"}
    assert "Models" not in left["gigstack-refresh-documents"]
    assert not (data_dir / "published").exists()


def test_what_wants_a_look_completes_a_run_under_another_name(
    client: SyncPrefectClient, account: Account, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty = create_app(account, faults=("bad_records", "unknown_fields"), fault_rate=1.0)
    with serving(faulty) as url:
        configure(monkeypatch, account, url)
        state = refresh_documents(data_dir=data_dir, return_state=True)
    assert (state.type.value, state.name) == ("COMPLETED", "CompletedWithWarnings")
    (run,) = query(data_dir, f"select * from ops.runs where run_id = {LAST_RUN}")
    assert run["rejects"] > 0
    assert run["drift"] > 0
    assert f"{run['rejects']} records were rejected" in str(state.message)
    left = artifacts(client, state.state_details.flow_run_id)
    rows = left["gigstack-refresh-documents-streams"]
    assert sum(row["rejects"] for row in rows) == run["rejects"]
    summary = left["gigstack-refresh-documents"]
    for found in query(data_dir, "select * from ops.drift"):
        assert f"| {found['stream']} | {found['path']} | {found['kind']} |" in summary
    reasons = query(data_dir, "select distinct reason from ops.rejects")
    assert [one for one in reasons if one["reason"] not in summary] == []


def test_a_retry_goes_on_where_the_try_before_it_ended(
    account: Account, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refuse_the_second_page_twice(request: Request) -> Response | None:
        if path_of(request) != "/clients":
            return None
        asked.append(request.query_params.get("next", "first"))
        is_second = asked[-1] != "first" and asked[-1] == asked[1]
        return failure(400) if is_second and asked.count(asked[-1]) <= 2 else None

    monkeypatch.setattr(steps.load, "retry_delay_seconds", 0)
    with serving(Between(create_app(account), refuse_the_second_page_twice)) as url:
        configure(monkeypatch, account, url, SOURCES__GIGSTACK__PAGE_SIZE="1")
        state = refresh_documents(data_dir=data_dir, return_state=True)
    assert state.name == "Completed", state.message
    first, second, *rest = asked
    assert rest[:2] == [second, second]
    assert len({first, second, *rest[2:]}) == len(rest), "a page was asked for again"
    runs = query(data_dir, "select status from ops.runs")
    assert [run["status"] for run in runs] == ["ok", "ok"], "a retry is the same run"


def test_what_one_team_lacks_is_read_again_for_this_team_alone(
    client: SyncPrefectClient, account: Account, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    own, other = account.teams

    def refuse_the_other_team_once(request: Request) -> Response | None:
        if path_of(request) != "/clients":
            return None
        asked.append(request.query_params["team"])
        return failure(400) if asked[-1] == other and asked.count(other) == 1 else None

    monkeypatch.setattr(steps.reload, "retry_delay_seconds", 0)
    with serving(Between(create_app(account), refuse_the_other_team_once)) as url:
        configure(monkeypatch, account, url)
        state = refresh_documents(teams=["all"], data_dir=data_dir, return_state=True)
    assert state.name == "Completed", state.message
    assert sorted(asked[:2]) == sorted([own, other])
    assert asked[2:] == [other]
    names = [task.name for task in client.read_task_runs()]
    assert f"reload {other}: clients, client_support_documents" in names
    runs = query(data_dir, "select status from ops.runs order by started_at desc limit 2")
    assert [run["status"] for run in runs] == ["ok", "partial"]


@pytest.mark.usefixtures("reach")
def test_models_that_cannot_be_built_leave_readers_what_they_had(
    client: SyncPrefectClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps.transform, "retry_delay_seconds", 0)
    state = refresh_documents(data_dir=tmp_path, return_state=True)  # a first load is to be whole
    assert state.name == "Failed"
    assert "tables have never been loaded" in str(state.message)
    left = artifacts(client, state.state_details.flow_run_id)
    assert "## Loaded" in left["gigstack-refresh-documents"]
    assert "tables have never been loaded" in left["gigstack-refresh-documents"]
    assert not (tmp_path / "published").exists()


def test_a_key_that_is_refused_fails_at_once_and_is_not_shown(
    client: SyncPrefectClient, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refuse(request: Request) -> Response:
        asked.append(path_of(request))
        return failure(401)

    with serving(Between(create_app(account), refuse)) as url:
        configure(monkeypatch, account, url)
        state = refresh_documents(teams=["all"], data_dir=tmp_path, return_state=True)
    run = run_of(client, state)
    assert run.state_name == "Failed"
    assert "401" in str(state.message)
    assert asked == ["/teams"], "it was tried again"
    shown = [*logs(client, run.id), str(artifacts(client, run.id)), str(state.message)]
    assert not any(key_for(account) in text for text in shown)


def test_a_step_that_takes_too_long_is_ended(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps.load, "timeout_seconds", 4.0)
    monkeypatch.setattr(steps.load, "retries", 0)
    slowly = {
        "SOURCES__GIGSTACK__PAGE_SIZE": "1",
        "SOURCES__GIGSTACK__REQUESTS_PER_SECOND": "0.5",
    }
    with serving(create_app(account)) as url:
        configure(monkeypatch, account, url, **slowly)
        state = refresh_documents(data_dir=tmp_path, return_state=True)
    assert (state.type.value, state.name) == ("FAILED", "TimedOut")
    (run,) = query(tmp_path, "select status, message from ops.runs")
    assert (run["status"], run["message"]) == ("failed", "the run did not finish")


def test_without_a_key_the_message_says_what_to_set(
    client: SyncPrefectClient, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, account, "http://127.0.0.1:9")
    monkeypatch.delenv("GIGSTACK_API_KEY")
    monkeypatch.chdir(tmp_path)
    state = refresh_documents(data_dir=tmp_path, return_state=True)
    assert state.name == "Failed"
    assert "GIGSTACK_API_KEY" in str(state.message)
    assert run_of(client, state).name.startswith("refresh-documents own team")


def test_the_key_may_lie_in_a_block(
    account: Account,
    base_url: str,
    client: SyncPrefectClient,
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(monkeypatch, account, base_url)
    monkeypatch.delenv("GIGSTACK_API_KEY")
    Secret(value=SecretStr(key_for(account))).save(KEY_BLOCK)
    try:
        state = refresh_documents(data_dir=data_dir, return_state=True)
    finally:
        Secret.delete(KEY_BLOCK)
    assert state.name == "Completed", state.message
    run = run_of(client, state)
    told = [*logs(client, run.id), str(artifacts(client, run.id)), str(run.parameters)]
    assert not any(key_for(account) in text for text in told)
