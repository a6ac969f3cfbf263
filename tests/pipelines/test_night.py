"""What a night leaves to look at, and `gigstack-etl run`, which does it all."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from starlette.requests import Request
from starlette.responses import Response

from pipelines.gigstack.endpoints import RESOURCES
from pipelines.gigstack.extract.stats import ResourceStats
from pipelines.gigstack.normalize.batch import Reject
from pipelines.monitoring.result import RunResult, errors_in
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.simulation.account import Account
from pipelines.warehouse.run_log import Comparison, LoadResult
from tests.pipelines.between import Between, failure, path_of
from tests.pipelines.commands import access, cli
from tests.pipelines.loads import query


def a_run(*resources: ResourceStats, **more: Any) -> LoadResult:
    started_at = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
    return LoadResult("run", "incremental", started_at, resources=list(resources), **more)


def rejects(count: int, resource: str = "clients") -> list[Reject]:
    return [Reject(resource, "team_1", "no id", None, "{}") for _ in range(count)]


def test_a_night_without_findings_is_ok() -> None:
    night = RunResult([a_run(ResourceStats("clients", "team_1"))])
    assert night.status == "ok"
    assert [*night.errors(), *night.warnings()] == []


def test_a_list_that_failed_is_missing_until_it_is_read_again() -> None:
    good = ResourceStats("clients", "team_1")
    bad = ResourceStats("payments", "team_1", status="failed", error="500")
    night = RunResult([a_run(good, bad)])
    assert list(night.errors()) == ["team_1 payments: 500"]
    assert night.status == "partial"
    night.reloads.append(a_run(ResourceStats("payments", "team_1")))
    assert list(night.errors()) == []
    assert night.status == "ok"


def test_a_team_of_which_no_list_answers_is_missing() -> None:
    gone = ResourceStats("clients", "team_2", status="unavailable")
    night = RunResult([a_run(ResourceStats("clients", "team_1"), gone)])
    assert [line.partition(":")[0] for line in night.errors()] == ["team_2"]


@pytest.mark.parametrize(
    ("held", "rejected", "is_missing"),
    [(10, 0, False), (8, 2, False), (8, 0, True), (8, 1, True), (11, 0, True)],
    ids=["all there", "rejected", "lost", "one rejected and one lost", "too many"],
)
def test_rows_are_missing_unless_they_were_rejected(
    held: int, rejected: int, is_missing: bool
) -> None:
    compared = Comparison("team_1", "clients", "rows", 10, held)
    run = a_run(rejects=rejects(rejected), comparisons=[compared])
    assert bool(list(errors_in(run))) is is_missing


def test_what_is_kept_aside_is_to_be_looked_at() -> None:
    drift = Counter({("clients", name, "unknown_field"): 1 for name in "abcd"})
    postponed = ResourceStats("client_support_documents", "team_1", postponed=7)
    run = a_run(
        postponed, rejects=rejects(2), drift=drift, skipped_deletions=["5 of 6 rows are gone."]
    )
    told = list(RunResult([run]).warnings())
    assert told == [
        "2 records were rejected and are kept in ops.rejects",
        "the API sends fields or values that are new (kept in the column extra): "
        "clients.a, clients.b, clients.c and 1 more",
        "5 of 6 rows are gone.",
        "the documents of 7 parents wait for the next run (request budget)",
    ]
    assert RunResult([run]).status == "warn"


def test_one_record_and_one_parent_are_no_plural() -> None:
    postponed = ResourceStats("client_support_documents", "team_1", postponed=1)
    assert list(RunResult([a_run(postponed, rejects=rejects(1))]).warnings()) == [
        "1 record was rejected and is kept in ops.rejects",
        "the documents of 1 parent wait for the next run (request budget)",
    ]


def test_a_night_that_lacks_a_list_publishes_the_others_and_needs_a_look(
    account: Account, tmp_path: Path
) -> None:
    def refuse(request: Request) -> Response | None:
        return failure(400) if path_of(request) == "/payments" else None

    with serving(Between(create_app(account), refuse)) as url:
        done = cli(tmp_path, "run", "--json", env=access(account, url))
    assert done.returncode == 3, done.stderr
    told = json.loads(done.stdout)
    own = account.teams[0]
    assert told["status"] == "partial"
    assert [line.partition(": ")[0] for line in told["missing"]] == [f"{own} payments"]
    assert told["transform"]["models"] > 0
    assert told["publish"]["run_id"] == told["load"][0]["run_id"]
    by_severity = "select severity, count(*) as alerts from marts.mart_alerts group by severity"
    alerts = {row["severity"]: row["alerts"] for row in query(tmp_path / "data", by_severity)}
    assert alerts
    assert told["alerts"] == {"new": alerts, "open": alerts}
    snapshot = tmp_path / "data/published/analytics.duckdb"
    with duckdb.connect(str(snapshot), read_only=True) as published:
        found = published.execute("select count(*) from gigstack.invoices").fetchone()
    seen = sum(
        resource["rows_seen"]
        for resource in told["load"][0]["streams"]
        if RESOURCES[resource["stream"]].entity == "invoices"
    )
    assert found == (seen,)
