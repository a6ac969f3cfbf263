"""Loads of an API that fails every now and then: the same warehouse, and no request too many."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.gigstack.settings import Settings
from pipelines.load.run import LoadOptions
from pipelines.sandbox.api.faults import NAMES, TRANSIENT
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.storage import quirks
from pipelines.warehouse.run_log import LoadResult
from tests.accounts import add_object, create_account
from tests.pipelines.loads import contents, lasting, lookback, query, run, settings_for

RATE = 0.05  # of each kind
OFTEN = 0.25  # a fault alone, on a hundred requests whose windows, and so whose dice, the day moves
PASSING = tuple(name for name in TRANSIENT if name != "redirect")  # asked about again
HARMLESS = (*PASSING, "empty_page", "bad_records")  # leave the rows of the account as they are
LASTING = {  # the lists that it strikes at least
    "redirect": {"cfdi_errors"},
    "stuck_cursor": {"services", "webhooks", "sat_invoices"},
    "missing_cursor": {"services", "webhooks", "sat_invoices", "retentions"},
    "forbidden_stream": {"retentions"},
    "missing_stream": {"sat_lists"},
}
SOME = ("services", "webhooks", "sat_invoices", "retentions", "cfdi_errors", "sat_lists")


@dataclass(frozen=True)
class Stage:
    """An account, its controls, and the settings that reach it with few records a page."""

    account: Account
    settings: Settings
    controls: str

    def load(
        self,
        data_dir: Path,
        *names: str,
        faults: tuple[str, ...] = (),
        rate: float = RATE,
        mode: str = "full",
    ) -> "Noisy":
        """Load behind these faults; all streams when none is named."""
        kinds = sum(fault in TRANSIENT for fault in faults)  # which share one rate
        self._post("faults", {"names": faults, "rate": rate * max(kinds, 1)})
        self._post("reset-stats")
        report = run(self.settings, data_dir, *names, options=LoadOptions(mode))
        stats = httpx.get(f"{self.controls}/stats").json()
        self._post("faults", {"names": ()})
        return Noisy(report, stats["total_requests"], stats["faults"])

    def _post(self, control: str, content: dict[str, Any] | None = None) -> None:
        httpx.post(f"{self.controls}/{control}", json=content).raise_for_status()


@dataclass(frozen=True)
class Noisy:
    """A load, how many requests the server saw of it, and how often each fault struck."""

    report: LoadResult
    requests: int
    hits: dict[str, int]


@dataclass(frozen=True)
class Clean:
    """A warehouse that was loaded without any fault, and that load."""

    data_dir: Path
    load: Noisy


def is_struck(place: int) -> bool:
    """Whether what is kept there has a field that nobody knows, once that fault is on."""
    return quirks.per_mille(place) == 0


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    path = tmp_path_factory.mktemp("stage") / "account.sqlite"
    with (
        create_account(path, clients=6, months=1, teams=2) as account,
        serving(create_app(account)) as url,
    ):
        payment = next(one for _, one in account.store.objects(0, "payments"))
        add_object(account, 0, "payments", "payment_", payment, is_wanted=is_struck)
        teams = tuple(account.teams)  # named, so that no list of teams can fail a whole run
        wanted = settings_for(
            account,
            url,
            teams=teams,
            page_size=2,
            lookback_days=lookback(account, 90),
            requests_per_second=1e9,  # which being throttled so often lowers a lot
        )
        yield Stage(account, wanted, url.removesuffix("/v2") + "/_sandbox")


@pytest.fixture(scope="module")
def clean(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Clean:
    data_dir = tmp_path_factory.mktemp("clean") / "data"
    return Clean(data_dir, stage.load(data_dir))


@pytest.fixture(scope="module")
def some(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Clean:
    """Of a few lists, among them one for each way of paging."""
    data_dir = tmp_path_factory.mktemp("some") / "data"
    return Clean(data_dir, stage.load(data_dir, *SOME))


@pytest.fixture(scope="module")
def nightly(stage: Stage, some: Clean) -> Noisy:
    """An incremental load of the same that finds nothing new."""
    return stage.load(some.data_dir, *SOME, mode="incremental")


def test_every_fault_is_put_to_the_test() -> None:
    assert {*HARMLESS, *LASTING, "unknown_fields"} == set(NAMES)


@pytest.mark.parametrize("fault", HARMLESS)
def test_a_fault_costs_one_request_each_time_and_no_row(
    fault: str, stage: Stage, some: Clean, nightly: Noisy, tmp_path: Path
) -> None:
    shutil.copytree(some.data_dir, tmp_path / "data")
    noisy = stage.load(tmp_path / "data", *SOME, faults=(fault,), rate=OFTEN, mode="incremental")
    hits = noisy.hits[fault]
    assert hits
    assert noisy.report.retries == (hits if fault in PASSING else 0)
    assert noisy.requests == noisy.report.requests
    assert noisy.requests <= nightly.requests + (hits if fault != "bad_records" else 0)
    assert noisy.report.status == ("warn" if fault == "bad_records" else "ok")
    bad, left = divmod(len(noisy.report.rejects), 3)  # three a page
    assert left == 0
    # a page that only tells whether a list is empty is struck as well, and not loaded
    assert 0 < bad <= hits if fault == "bad_records" else bad == 0
    assert contents(tmp_path / "data") == contents(some.data_dir)


def test_all_faults_together_leave_no_trace(stage: Stage, clean: Clean, tmp_path: Path) -> None:
    noisy = stage.load(tmp_path / "data", faults=HARMLESS)
    assert noisy.hits.keys() == set(HARMLESS)
    struck = sum(noisy.hits.values()) - noisy.hits["bad_records"]
    assert struck >= 60
    assert noisy.requests <= clean.load.requests + struck
    assert noisy.report.retries == struck - noisy.hits["empty_page"]
    one, other = lasting(tmp_path / "data"), lasting(clean.data_dir)
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []
    assert {resource.status for resource in noisy.report.resources} == {"ok"}


def test_nothing_changes_or_vanishes_in_a_noisy_second_load(
    stage: Stage, clean: Clean, tmp_path: Path
) -> None:
    shutil.copytree(clean.data_dir, tmp_path / "data")
    noisy = stage.load(tmp_path / "data", faults=HARMLESS)
    assert noisy.report.total("rows_changed") == noisy.report.total("rows_deleted") == 0
    vanished = [difference.difference for difference in noisy.report.differences]
    assert sum(vanished) == -len(noisy.report.rejects), "what was rejected is not in the warehouse"
    struck = sum(noisy.hits.values()) - noisy.hits["bad_records"]
    assert noisy.requests <= clean.load.requests + struck
    assert contents(tmp_path / "data") == contents(clean.data_dir)


def test_unknown_fields_add_only_themselves(stage: Stage, clean: Clean, tmp_path: Path) -> None:
    names = ("payments", "sat_invoices")
    noisy = stage.load(tmp_path / "data", *names, faults=("unknown_fields",))
    extra = query(
        tmp_path / "data",
        "select extra::varchar as extra from gigstack.payments where extra is not null "
        "union all select extra::varchar from gigstack.sat_invoices where extra is not null",
    )
    assert {row["extra"] for row in extra} == {'{"beta_score":12.5}'}
    assert sum(noisy.report.drift.values()) == len(extra)
    assert noisy.report.status == "warn"
    assert noisy.requests == noisy.report.requests
    left_out = "extra|row_hash|loaded_at|run_id|metadata"  # in which the keys have no order
    found = contents(tmp_path / "data", leave_out=left_out)
    assert found == contents(clean.data_dir, sorted(found), left_out)


@pytest.mark.parametrize("fault", LASTING)
def test_what_cannot_be_survived_costs_its_own_list_and_no_row(
    fault: str, stage: Stage, some: Clean, tmp_path: Path
) -> None:
    shutil.copytree(some.data_dir, tmp_path / "data")
    noisy = stage.load(tmp_path / "data", *SOME, faults=(fault,))
    report = noisy.report
    struck = [resource for resource in report.resources if resource.status != "ok"]
    assert {resource.status for resource in struck} == {"failed"}
    assert {resource.resource for resource in struck} >= LASTING[fault]
    assert all(resource.error for resource in struck)
    assert {resource.complete_sweep for resource in struck} == {False}
    assert {resource.complete_sweep for resource in report.resources if resource not in struck} == {
        True
    }
    assert report.status == "partial"
    assert noisy.requests <= some.load.requests, "nothing is asked for in vain"
    assert report.total("rows_changed") == report.total("rows_deleted") == 0
    assert contents(tmp_path / "data") == contents(some.data_dir)
