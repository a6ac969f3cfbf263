"""A history is read again in slices, the newest first, and what is done is not read twice."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import State
from starlette.requests import Request
from starlette.responses import Response

from flows import steps
from flows.backfill import backfill
from pipelines.foundation.errors import ConfigurationError
from pipelines.foundation.time_zone import MEXICO_CITY
from pipelines.gigstack.api.date_filters import LONG_PAST
from pipelines.load.backfill import Backfill, slices, windowed
from pipelines.load.select import select_resources
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.simulation.account import Account
from tests.flows.conftest import configure
from tests.flows.runs import artifacts, run_of
from tests.pipelines.between import Between, failure, path_of
from tests.pipelines.loads import query

SINCE, UNTIL = date(2026, 9, 1), date(2026, 9, 25)


def test_slices_cover_all_days_once_and_the_newest_comes_first() -> None:
    found = slices(SINCE, UNTIL, 10)
    assert [str(one) for one in found] == [
        "2026-09-21 to 2026-09-25",
        "2026-09-11 to 2026-09-20",
        "2026-09-01 to 2026-09-10",
    ]
    days = [
        one.first + timedelta(n) for one in found for n in range((one.last - one.first).days + 1)
    ]
    assert sorted(days) == [SINCE + timedelta(n) for n in range(25)]
    assert found[0].since == datetime(2026, 9, 21, tzinfo=MEXICO_CITY)
    assert found[0].until == datetime(2026, 9, 26, tzinfo=MEXICO_CITY)


def test_when_time_goes_on_only_the_newest_slice_is_another(tmp_path: Path) -> None:
    today, tomorrow = (slices(SINCE, day, 10) for day in (UNTIL, UNTIL + timedelta(1)))
    progress = Backfill(tmp_path, {}, today)
    for one in today[:2]:
        progress.finish(one)
    assert Backfill(tmp_path, {}, tomorrow).pending == [tomorrow[0], tomorrow[2]]


def test_what_is_read_whole_every_night_is_no_matter_of_a_backfill() -> None:
    everything = select_resources((), ("clients",))
    assert {resource.entity for resource in windowed(everything, ())} == {
        "invoices",
        "sat_invoices",
        "retentions",
        "payments",
        "receipts",
    }
    with pytest.raises(ConfigurationError, match="clients is read completely by every load"):
        windowed(select_resources(["clients"], ()), ["clients"])


def test_an_old_backfill_begins_anew(tmp_path: Path) -> None:
    days = slices(SINCE, UNTIL, 10)
    began = datetime(2026, 10, 1, tzinfo=MEXICO_CITY)
    Backfill(tmp_path, {"teams": None}, days, began).finish(days[0])
    at = {n: Backfill(tmp_path, {"teams": None}, days, began + timedelta(n)) for n in (6, 8)}
    assert (len(at[6].pending), len(at[8].pending)) == (2, 3)
    assert len(Backfill(tmp_path, {"teams": ["team_1"]}, days, began).pending) == 3


def test_a_backfill_that_ended_early_goes_on_where_it_ended(
    client: SyncPrefectClient, account: Account, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = slices(*_span(account), 20)
    bounds = [(int(one.since.timestamp()), int(one.until.timestamp())) for one in days]
    assert len(days) >= 3
    asked: list[tuple[int, int]] = []
    is_down = True

    def note(request: Request) -> Response | None:
        since, until = (request.query_params.get(f"created[{of}]") for of in ("gte", "lte"))
        if path_of(request) != "/payments" or not since or not until:
            return None
        if int(since) == LONG_PAST.timestamp():  # proves the filter
            return None
        asked.append((int(since), int(until)))
        return failure(400) if is_down and asked[-1] == bounds[1] else None

    def run_it() -> State[Any]:
        since, until = _span(account)
        return backfill(
            since, until, resources=["payments"], slice_days=20, data_dir=data_dir,
            return_state=True,
        )  # fmt: skip

    monkeypatch.setattr(steps.load, "retry_delay_seconds", 0)
    monkeypatch.setattr(steps.load, "retries", 0)
    with serving(Between(create_app(account), note)) as url:
        configure(monkeypatch, account, url)
        first = run_it()
        assert first.name == "Failed"
        assert asked == bounds[:2]
        asked.clear()
        is_down = False
        second = run_it()
    assert second.name == "Completed", second.message
    assert asked == bounds[1:]
    run = run_of(client, second)
    assert run.name.startswith(f"backfill own team, {_span(account)[0]} to {_span(account)[1]}, ")
    assert artifacts(client, run.id)["gigstack-backfill-slices"] == 100
    runs = query(data_dir, "select mode, status from ops.runs order by started_at")
    statuses = [run["status"] for run in runs if run["mode"] == "backfill"]
    assert statuses == ["ok"] * len(days), "what failed was gone on with"
    assert list((data_dir / "backfills").iterdir()) == []


def _span(account: Account) -> tuple[date, date]:
    """The two months of the account."""
    today = account.now.astimezone(MEXICO_CITY).date()
    return today - timedelta(60), today
