"""Many teams at once: the same as one after another, and none of them costs another its data."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from pipelines.foundation.errors import ApiError
from pipelines.gigstack.settings import Settings
from pipelines.gigstack.source import Watermarks
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.expected.contents import ExpectedTable, expected
from pipelines.sandbox.simulation.account import Account
from pipelines.warehouse.run_log import LoadResult
from tests.accounts import create_account
from tests.pipelines.between import Between, failure, path_of
from tests.pipelines.commands import access, cli
from tests.pipelines.loads import (
    contents,
    differences,
    lasting,
    lookback,
    query,
    repeated_keys,
    run,
    settings_for,
    tables_in,
    watermarks,
)
from tests.pipelines.scripted import TEAM, account_script, api, page, settings

TEAMS = 8
SOME = ("clients", "client_support_documents", "retentions", "payments")
Statuses = dict[tuple[str, str], str]


@dataclass
class Gate:
    """Keeps requests away from the API: those of a team, or of one list of a team."""

    closed: dict[tuple[str, str | None], int] = field(default_factory=dict)  # to their status

    def look(self, request: Request) -> Response | None:
        team, path = request.query_params.get("team", ""), path_of(request)
        status = self.closed.get((team, None)) or self.closed.get((team, path))
        return failure(status) if status else None


@dataclass(frozen=True)
class Company:
    """An account of many teams, the settings that reach it, and the gate before it."""

    account: Account
    settings: Settings
    gate: Gate


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    path = tmp_path_factory.mktemp("company") / "account.sqlite"
    gate = Gate()
    with (
        create_account(path, clients=20, months=1, teams=TEAMS, invoices=70) as account,
        serving(Between(create_app(account), gate.look)) as url,
    ):
        wanted = settings_for(account, url, page_size=10, lookback_days=lookback(account, 90))
        yield Company(account, wanted, gate)


def test_all_at_once_is_as_one_after_another(company: Company, tmp_path: Path) -> None:
    together, apart = tmp_path / "together", tmp_path / "apart"
    teams = company.account.teams
    reports = [run(company.settings, together)]
    reports += [run(replace(company.settings, teams=(team,)), apart) for team in teams]
    assert {report.status for report in reports} == {"ok"}
    assert set(reports[0].teams) == set(teams)
    sizes = query(together, "select count(*) as n from gigstack.sat_invoices group by team_id")
    assert len({row["n"] for row in sizes}) >= TEAMS / 2, "teams of equal size prove little"
    assert differences(together, expected(company.account)) == {}
    one, other = lasting(together), lasting(apart)
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []
    assert repeated_keys(together) == []


@dataclass(frozen=True)
class RunResult:
    """What was there after a load."""

    marks: Watermarks
    rows: dict[str, list[tuple[Any, ...]]]
    statuses: Statuses

    def of(self, team: str, table: str) -> list[tuple[Any, ...]]:
        return [row for row in self.rows[table] if row[0] == team]


@dataclass(frozen=True)
class Story:
    """A load, one in which the second team is forbidden and the third one's payments fail for
    ever, and the one after that.
    """

    teams: tuple[str, ...]
    where: Path
    nights: tuple[RunResult, RunResult, RunResult]
    said: subprocess.CompletedProcess[str]
    whole: dict[str, str]  # what differs in teams that nothing happened to
    last: LoadResult


@pytest.fixture(scope="module")
def story(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Story:
    where = tmp_path_factory.mktemp("story")
    account, data_dir = company.account, where / "data"
    teams = tuple(account.teams[:4])

    def night() -> RunResult:
        return RunResult(watermarks(data_dir), contents(data_dir), _statuses(data_dir))

    wanted = replace(company.settings, teams=teams)
    run(wanted, data_dir, *SOME)
    first = night()
    account.advance(9)
    company.gate.closed = {(teams[1], None): 403, (teams[2], "/payments"): 500}
    chosen = [argument for name in SOME for argument in ("--resource", name)]
    chosen += [argument for team in teams for argument in ("--team", team)]
    days = str(max(0, lookback(account, 90)))
    env = access(account, wanted.base_url) | {"SOURCES__GIGSTACK__LOOKBACK_DAYS": days}
    said = cli(where, "load", *chosen, env=env)
    second = night()
    truth = _truth(account, data_dir, teams[0], teams[3])
    whole = differences(data_dir, truth, may_be_more=True)
    company.gate.closed = {}
    last = run(wanted, data_dir, *SOME)
    return Story(teams, where, (first, second, night()), said, whole, last)


def _truth(account: Account, data_dir: Path, *teams: str) -> dict[str, ExpectedTable]:
    there = tables_in(data_dir)
    truth = expected(account, list(teams))
    return {name: table for name, table in truth.items() if name in there}


def _statuses(data_dir: Path) -> Statuses:
    rows = query(
        data_dir,
        "select stream, team_id, status from ops.run_streams "
        "where run_id = (select run_id from ops.runs order by started_at desc limit 1)",
    )
    return {(row["team_id"], row["stream"]): row["status"] for row in rows}


def test_a_team_that_fails_is_seen_in_ledger_summary_and_exit_code(story: Story) -> None:
    own, forbidden, failing, whole = story.teams
    assert story.nights[1].statuses == {
        **{(team, resource): "ok" for team in (own, failing, whole) for resource in SOME},
        **{(forbidden, resource): "failed" for resource in SOME},
        (failing, "payments"): "failed",
    }
    runs = query(story.where / "data", "select status from ops.runs order by started_at")
    assert [row["status"] for row in runs] == ["ok", "partial", "ok"]
    assert story.said.returncode == 3
    lines = story.said.stdout.splitlines()
    assert [line for line in lines if forbidden in line and "403 out_of_order Not today" in line]
    assert [line for line in lines if failing in line and "500 out_of_order Not today" in line]
    assert not [line for line in lines if own in line or whole in line]
    assert lines[-1].startswith("partial: ")


def test_a_team_that_fails_leaves_the_others_whole(story: Story) -> None:
    own, forbidden, failing, _ = story.teams
    first, second, third = story.nights
    assert first.of(own, "payments") != second.of(own, "payments"), "nothing had changed"
    assert story.whole == {}
    assert first.of(failing, "payments") == second.of(failing, "payments")
    assert second.of(failing, "clients") == third.of(failing, "clients")
    for name in second.rows:
        assert first.of(forbidden, name) == second.of(forbidden, name), name


def test_only_the_watermarks_of_what_was_read_move(story: Story) -> None:
    own, forbidden, failing, _ = story.teams
    first, second, third = story.nights
    stayed = {
        (team, resource)
        for team, resources in first.marks.items()
        for resource, mark in resources.items()
        if second.marks[team][resource] == mark
    }
    assert stayed == {(forbidden, "retentions"), (forbidden, "payments"), (failing, "payments")}
    marks = {mark for team in story.teams for mark in third.marks[team].values()}
    assert len(marks) == 1, "and all of them with the next run"
    assert marks.isdisjoint(second.marks[own].values())


def test_the_next_run_brings_what_was_missed(company: Company, story: Story) -> None:
    data_dir = story.where / "data"
    assert story.last.status == "ok"
    changed = {resource.team_id for resource in story.last.resources if resource.rows_changed}
    assert changed == set(story.teams[1:3])
    assert differences(data_dir, _truth(company.account, data_dir, *story.teams)) == {}
    assert repeated_keys(data_dir) == []


def test_a_list_of_teams_that_breaks_off_is_no_list_of_all(tmp_path: Path) -> None:
    script = account_script({"/teams": page([{"id": TEAM}], has_more=True), "/clients": page([])})
    with (
        api(script) as (_, url),
        pytest.raises(ApiError, match=r"there is more.*Name the teams"),
    ):
        run(settings(url, teams=("all",), documents=()), tmp_path, "clients")
    (row,) = query(tmp_path, "select status, message from ops.runs")
    assert row["status"] == "failed"
    assert "there is more" in row["message"]
