"""A night in Prefect: its state, its artifacts, its name, its logs."""

from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient
from starlette.requests import Request
from starlette.responses import Response

from flows import steps
from flows.nightly import nightly
from pipelines.gigstack.filters import MEXICO
from pipelines.sandbox.account import Account
from pipelines.sandbox.server import create_app, key_for, serving
from tests.flows.conftest import configure
from tests.flows.runs import artifacts, logs, run_of, wait_until
from tests.pipelines.between import Between, failure, path_of
from tests.pipelines.loads import query

COLUMNS = {
    "team": "team_id",
    "stream": "stream",
    "status": "status",
    "seen": "rows_seen",
    "changed": "rows_changed",
    "deleted": "rows_deleted",
    "rejects": "rejects",
}


@pytest.mark.usefixtures("reach")
def test_a_night_in_which_all_is_well_is_completed(
    client: SyncPrefectClient, account: Account, tmp_path: Path
) -> None:
    state = nightly(teams=["all"], data_dir=tmp_path, return_state=True)
    assert (state.type.value, state.name) == ("COMPLETED", "Completed"), state.message
    run = run_of(client, state)
    assert run.name.startswith("nightly all teams, last 90 days, 20")
    left = artifacts(client, run.id)
    ledger = query(tmp_path, "select * from ops.run_streams order by team_id, stream")
    shown = [{name: row[column] for name, column in COLUMNS.items()} for row in ledger]
    table = left["gigstack-nightly-streams"]
    assert [{name: row[name] for name in COLUMNS} for row in table] == shown
    read_at = {f"{row['window_end'].astimezone(MEXICO):%Y-%m-%d %H:%M}" for row in ledger}
    assert {row["fresh_as_of"] for row in table} == read_at
    assert left["gigstack-load"] == 100
    teams = {row["team_id"] for row in ledger}
    assert len(teams) == len(account.teams)
    wanted = {f"{row['team_id']} {row['stream']}: ok" for row in ledger}
    wait_until(lambda: wanted <= {line.partition(",")[0] for line in logs(client, run.id)})


def test_a_night_with_something_to_look_at_is_completed_under_another_name(
    client: SyncPrefectClient, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty = create_app(account, faults=("bad_records", "unknown_fields"), fault_rate=1.0)
    with serving(faulty) as url:
        configure(monkeypatch, account, url)
        state = nightly(data_dir=tmp_path, return_state=True)
    assert (state.type.value, state.name) == ("COMPLETED", "CompletedWithWarnings")
    (run,) = query(tmp_path, "select rejects, drift from ops.runs")
    assert run["rejects"] > 0
    assert run["drift"] > 0
    assert f"{run['rejects']} records were rejected" in str(state.message)
    left = artifacts(client, state.state_details.flow_run_id)
    assert sum(row["rejects"] for row in left["gigstack-nightly-streams"]) == run["rejects"]
    summary = left["gigstack-nightly"]
    for finding in query(tmp_path, "select * from ops.drift"):
        assert f"| {finding['stream']} | {finding['path']} | {finding['kind']} |" in summary
    reasons = query(tmp_path, "select reason, count(*) as n from ops.rejects group by all")
    assert reasons
    for reason in reasons:
        assert reason["reason"] in summary


def test_a_list_that_is_missing_fails_the_night_and_costs_nothing_else(
    client: SyncPrefectClient, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(request: Request) -> Response | None:
        return failure(400) if path_of(request) == "/payments" else None

    monkeypatch.setattr(steps.load_again, "retry_delay_seconds", 0)
    with serving(Between(create_app(account), refuse)) as url:
        configure(monkeypatch, account, url)
        state = nightly(data_dir=tmp_path, return_state=True)
    own = account.teams[0]
    assert state.name == "Failed"
    assert f"{own} payments: " in str(state.message)
    left = artifacts(client, state.state_details.flow_run_id)
    statuses = {row["stream"]: row["status"] for row in left["gigstack-nightly-streams"]}
    assert [name for name, status in statuses.items() if status != "ok"] == ["payments"]
    assert "Missing or wrong" in left["gigstack-nightly"]
    assert "published as version 1" in left["gigstack-nightly"]
    assert query(tmp_path, "select count(*) as n from gigstack.invoices")[0]["n"] > 0


@pytest.mark.usefixtures("prefect")
def test_a_key_that_is_refused_fails_at_once_and_is_not_shown(
    client: SyncPrefectClient, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refuse(request: Request) -> Response:
        asked.append(path_of(request))
        return failure(401)

    with serving(Between(create_app(account), refuse)) as url:
        configure(monkeypatch, account, url)
        state = nightly(teams=["all"], data_dir=tmp_path, return_state=True)
    run = run_of(client, state)
    assert run.state_name == "Failed"
    assert "401" in str(state.message)
    assert asked == ["/teams"], "it was tried again"
    shown = [*logs(client, run.id), str(artifacts(client, run.id)), str(state.message)]
    assert not any(key_for(account) in text for text in shown)


def test_without_a_key_the_message_says_what_to_set(
    client: SyncPrefectClient, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, account, "http://127.0.0.1:9")
    monkeypatch.delenv("GIGSTACK_API_KEY")
    monkeypatch.chdir(tmp_path)
    state = nightly(data_dir=tmp_path, return_state=True)
    assert state.name == "Failed"
    assert "GIGSTACK_API_KEY" in str(state.message)
    assert run_of(client, state).name.startswith("nightly own team")
