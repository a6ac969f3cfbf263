"""What runs when: declared once, served by one process, and the same for work pools."""

import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml  # type: ignore[import-untyped]
from prefect.blocks.system import Secret
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from pydantic import SecretStr

from flows.deployments import DEPLOYMENTS, HOURLY_DOCUMENTS, Deployment
from flows.settings import KEY_BLOCK
from pipelines.foundation.time_zone import MEXICO_CITY, MEXICO_CITY_NAME
from pipelines.sandbox.api.auth import key_for
from pipelines.sandbox.simulation.account import Account
from tests.flows.runs import PATIENCE, Prefect, artifacts, logs, process, wait_until
from tests.pipelines.commands import access
from tests.pipelines.loads import query

ROOT = Path(__file__).parents[2]
COLUMNS = {
    "team": "team_id",
    "stream": "stream",
    "status": "status",
    "seen": "rows_seen",
    "changed": "rows_changed",
    "deleted": "rows_deleted",
    "rejects": "rejects",
}
TIME_TO_SCHEDULE = timedelta(seconds=15)  # the server's scheduler begins every second
YAML = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))


def test_prefect_yaml_holds_the_same_deployments() -> None:
    declared = {entry["name"]: entry for entry in YAML["deployments"]}
    assert list(declared) == [one.name for one in DEPLOYMENTS]
    for one in DEPLOYMENTS:
        entry, served = declared[one.name], one.to_serve()
        assert entry["entrypoint"] == one.entrypoint == served.entrypoint
        assert entry["tags"] == served.tags
        limit = served.concurrency_options
        assert served.concurrency_limit == entry["concurrency_limit"]["limit"] == 1
        assert limit
        assert limit.collision_strategy.value == entry["concurrency_limit"]["collision_strategy"]
        schedules = [(s.cron, s.timezone, s.active) for s in one.schedules]
        assert schedules == [
            (s["cron"], s["timezone"], s["active"]) for s in entry.get("schedules", [])
        ]
        environment = entry["work_pool"]["job_variables"]["env"]
        assert environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"


def test_every_file_of_a_flow_has_a_deployment() -> None:
    files = [path for path in (ROOT / "flows").glob("*.py") if "@flow" in path.read_text()]
    assert {path.stem for path in files} == {one.flow for one in DEPLOYMENTS}


def test_documents_are_refreshed_hourly_only_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (documents,) = (one for one in DEPLOYMENTS if one.flow == "refresh_documents")
    monkeypatch.delenv(HOURLY_DOCUMENTS, raising=False)
    assert [_active(documents), *map(_active, DEPLOYMENTS[:2])] == [[False], [True], [True]]
    monkeypatch.setenv(HOURLY_DOCUMENTS, "1")
    assert _active(documents) == [True]


def _active(one: Deployment) -> list[bool]:
    return [schedule.active for schedule in one.schedules]


def test_one_process_serves_them_all(
    prefect: Prefect,
    client: SyncPrefectClient,
    account: Account,
    base_url: str,
    data_dir: Path,
    tmp_path: Path,
) -> None:
    env = prefect.env | access(account, base_url)
    with process([sys.executable, "-m", "flows.serve"], env, tmp_path / "serve.log"):
        ids = {one.name: wait_until(partial(_id, client, one)) for one in DEPLOYMENTS}
        due = wait_until(lambda: _scheduled(client, ids["nightly"]))
        run = client.create_flow_run_from_deployment(
            ids["refresh-documents"], parameters={"data_dir": str(data_dir)}
        )
        state = wait_until(lambda: _end_of(client, run.id))
    assert state.name == "Completed", (state.message, logs(client, run.id))
    assert {f"{moment.astimezone(MEXICO_CITY):%H:%M}" for moment in due} == {"02:30"}
    assert {f"{moment.astimezone(UTC):%H:%M}" for moment in due} == {"08:30"}
    served = {name: client.read_deployment(one) for name, one in ids.items()}
    assert {name for name, one in served.items() if any(s.active for s in one.schedules)} == {
        "nightly",
        "full-sweep",
    }
    assert not any(one.paused for one in served.values())


def test_a_wrong_parameter_is_refused_by_the_server(
    client: SyncPrefectClient, deployed: UUID
) -> None:
    with pytest.raises(PrefectHTTPStatusError, match="wait_minutes"):
        client.create_flow_run_from_deployment(deployed, parameters={"wait_minutes": "long"})


def test_a_group_of_teams_is_loaded_by_a_worker_on_its_schedule(
    prefect: Prefect,
    client: SyncPrefectClient,
    account: Account,
    base_url: str,
    deployed: UUID,
    group: Path,
    tmp_path: Path,
) -> None:
    Secret(value=SecretStr(key_for(account))).save(KEY_BLOCK, overwrite=True)
    env = prefect.env | access(account, base_url)
    del env["GIGSTACK_API_KEY"]
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "gigstack"]
    with process(command, env, tmp_path / "worker.log"):
        wait_until(lambda: client.read_workers_for_work_pool("gigstack"))
        due = datetime.now(UTC) + TIME_TO_SCHEDULE  # and then not before tomorrow
        daily = IntervalSchedule(
            interval=timedelta(days=1), anchor_date=due, timezone=MEXICO_CITY_NAME
        )
        client.create_deployment_schedules(deployed, [DeploymentScheduleCreate(schedule=daily)])
        begun = wait_until(lambda: _begun_run(client, deployed))
        wait_until(lambda: _end_of(client, begun.id))
        run = client.read_flow_run(begun.id)
    Secret.delete(KEY_BLOCK)
    said = logs(client, run.id)
    assert run.state_name == "Completed", (run.state, said)
    assert run.auto_scheduled
    assert run.work_pool_name == "gigstack"
    own = account.teams[0]
    assert run.name.startswith(f"nightly {own}, last 90 days, 20")
    assert not any(key_for(account) in text for text in [*said, str(run.parameters)])
    left = artifacts(client, run.id)
    ledger = query(group, "select * from ops.run_streams order by team_id, stream")
    assert {row["team_id"] for row in ledger} == {own}
    shown = [{name: row[column] for name, column in COLUMNS.items()} for row in ledger]
    table = left["gigstack-nightly-streams"]
    assert [{name: row[name] for name in COLUMNS} for row in table] == shown
    read_at = {f"{row['window_end'].astimezone(MEXICO_CITY):%Y-%m-%d %H:%M}" for row in ledger}
    assert {row["fresh_as_of"] for row in table} == read_at
    assert left["gigstack-load"] == 100
    assert "published as version 1" in left["gigstack-nightly"]
    (alerts,) = query(group, "select count(*) as open from marts.mart_alerts")
    assert f"## New alerts\n\n{alerts['open']:,} (" in left["gigstack-nightly"]
    reported = "select count(*) as open from ops.alerts where reported_at is not null"
    assert query(group, reported) == [alerts], "what one night reports, the next does not"
    lines = {line.partition(",")[0] for line in said}
    assert {f"{row['team_id']} {row['stream']}: {row['status']}" for row in ledger} <= lines


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a group of teams."""
    return tmp_path_factory.mktemp("group") / "data"


@pytest.fixture(scope="module")
def deployed(prefect: Prefect, account: Account, group: Path) -> UUID:
    """`prefect.yaml` is deployed, and a nightly for one team."""
    nightly = dict(YAML["deployments"][0]) | {
        "name": "nightly-north",
        "parameters": {"teams": [account.teams[0]], "data_dir": str(group)},
        "schedules": [],
    }
    file = prefect.home / "prefect.yaml"
    file.write_text(yaml.safe_dump(YAML | {"deployments": [*YAML["deployments"], nightly]}))
    _prefect(prefect, "work-pool", "create", "gigstack", "--type", "process")
    _prefect(prefect, "--no-prompt", "deploy", "--all", "--prefect-file", str(file))
    with get_client(sync_client=True) as client:
        return client.read_deployment_by_name("nightly/nightly-north").id


def _prefect(prefect: Prefect, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "prefect", *arguments],
        cwd=ROOT,
        env=prefect.env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _id(client: SyncPrefectClient, one: Deployment) -> UUID | None:
    with suppress(ObjectNotFound):
        return client.read_deployment_by_name(f"{one.load().name}/{one.name}").id
    return None


def _runs(client: SyncPrefectClient, deployment: UUID) -> list[FlowRun]:
    of_it = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
    return client.read_flow_runs(deployment_filter=of_it)


def _scheduled(client: SyncPrefectClient, deployment: UUID) -> list[datetime]:
    runs = _runs(client, deployment)
    return [run.expected_start_time for run in runs if run.expected_start_time]


def _end_of(client: SyncPrefectClient, run_id: UUID) -> State[Any] | None:
    state = client.read_flow_run(run_id).state
    return state if state and state.is_final() else None


def _begun_run(client: SyncPrefectClient, deployment: UUID) -> FlowRun | None:
    return next((run for run in _runs(client, deployment) if run.start_time), None)
