"""An account that changes between the pages of one walk: nothing is lost, doubled or invented."""

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from pipelines import warehouse
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
from pipelines.gigstack.normalize.change_detection import key_columns
from pipelines.load.run import LoadOptions
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.expected.contents import ExpectedTable, expected
from pipelines.sandbox.expected.rows import Key
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.storage import positions
from pipelines.warehouse.run_log import LoadResult
from tests.accounts import create_account
from tests.pipelines.between import Between, path_of
from tests.pipelines.loads import TABLES, differences, lookback, repeated_keys, run, settings_for
from tests.pipelines.story import Hashes, shown_by

LISTS = {path for resource in RESOURCES.values() for path in resource.paths}
EVERY = 5  # list requests from one change to the next
CHANGES = {  # a field of the records of a stream, and what it becomes
    "clients": ("company", "Otra Empresa, S. A."),
    "services": ("description", "Otro servicio"),
    "webhooks": ("description", "Otra"),
    "drafts": ("payment_form", "99"),
    "payments": ("metadata", {"nota": "cambiada"}),
    "sat_invoices": ("status", "Cancelado"),
    "income": ("metadata", {"nota": "cambiada"}),
}
READ_WHOLE = ("clients", "services", "webhooks", "invoice_drafts", "support_documents")
WINDOWED = ("invoices", "payments", "sat_invoices")
NIGHTLY, SWEEP = LoadOptions(allow_mass_delete=True), LoadOptions("full", allow_mass_delete=True)


@dataclass
class Unrest:
    """Changes an account after every few list requests: a day passes, single records go or change.

    `counts` says what happened how often.
    """

    account: Account
    is_on: bool = True
    asked: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    dice: random.Random = field(default_factory=lambda: random.Random(5))  # noqa: S311

    def look(self, request: Request) -> Response | None:
        self.asked += path_of(request) in LISTS
        if self.is_on and path_of(request) in LISTS and self.asked % EVERY == 0:
            changes = (self._advance, self._edit, self._delete)
            with self.account.store.lock:
                self.counts[changes[self.counts.total() % len(changes)]()] += 1
        return None

    def remove_one(self, resource: str, loaded: set[Key]) -> None:
        """Delete the newest record of a list of the biggest team that is loaded."""
        *_, place = (
            place
            for place, record in self.account.store.objects(0, resource)
            if (self.account.teams[0], record["id"]) in loaded
        )
        self.account.store.remove(place)

    def _advance(self) -> str:
        self.account.advance()
        return "a day"

    def _delete(self) -> str:
        place = self._any()
        self.account.store.remove(place)
        self._flush()
        return "a record less"

    def _edit(self) -> str:
        place = self._any()
        record = self.account.store.get(place)
        assert record
        name, value = CHANGES[positions.list_of(place)]
        self.account.store.put(place, record | {name: value})
        self._flush()
        return "another record"

    def _any(self) -> int:
        """The place of some record of a list that has a few."""
        while True:
            team, resource = self.dice.choice(self.account.roster), self.dice.choice([*CHANGES])
            places = [place for place, _ in self.account.store.objects(team.number, resource)]
            if len(places) > 3:
                return self.dice.choice(places)

    def _flush(self) -> None:
        self.account.store.flush()
        for team in self.account.roster:
            team.read_people(self.account.store)


@dataclass(frozen=True)
class ObservedNight:
    """What was wrong after a load, held against the account as it was then."""

    report: LoadResult
    unrest: Counter[str]
    repeated: list[str]
    marked: dict[str, set[Key]]  # rows marked as deleted that exist
    whole: dict[str, str]  # what differs in tables that are read whole
    windowed: dict[str, str]  # what is missing or differs in the others, and ...
    everything: dict[str, str]  # ... what is too much as well
    outdated: set[tuple[str, Key]]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ObservedNight]:
    """Loads of an account, the first and the third of them while it changes; then a sweep."""
    where = tmp_path_factory.mktemp("unrest")
    found = {}
    with create_account(where / "account.sqlite", clients=10, months=2, teams=2) as account:
        unrest = Unrest(account)
        with serving(Between(create_app(account), unrest.look)) as url:
            wanted = settings_for(account, url, page_size=3, lookback_days=lookback(account, 90))
            for name in ("first", "second", "third", "fourth", "sweep"):
                unrest.is_on = name in ("first", "third")
                unrest.counts = Counter()
                if name == "fourth":
                    unrest.remove_one("payments", {*_held(where / "data")[0]["payments"]})
                options = SWEEP if name == "sweep" else NIGHTLY
                tables = WINDOWED if name == "sweep" else (*READ_WHOLE, *WINDOWED)
                report = run(wanted, where / "data", *tables, options=options)
                found[name] = _night(account, where / "data", report, unrest.counts)
    return found


def _night(
    account: Account, data_dir: Path, report: LoadResult, unrest: Counter[str]
) -> ObservedNight:
    truth = expected(account)
    whole, windowed = _of(truth, READ_WHOLE), _of(truth, WINDOWED)
    hashes, deleted = _held(data_dir)
    shown = {name: rows for name, rows in shown_by(account).items() if name in hashes}
    return ObservedNight(
        report,
        unrest,
        repeated_keys(data_dir),
        {name: both for name in deleted if (both := deleted[name] & truth[name].keys)},
        differences(data_dir, whole),
        differences(data_dir, windowed, may_be_more=True),
        differences(data_dir, whole | windowed),
        {
            (name, key)
            for name, rows in shown.items()
            for key, row_hash in rows.items()
            if hashes[name].get(key) != row_hash
        },
    )


def _of(truth: dict[str, ExpectedTable], entities: tuple[str, ...]) -> dict[str, ExpectedTable]:
    tables = {table.name for name in entities for table in ENTITIES[name].tables}
    return {name: table for name, table in truth.items() if name in tables}


def _held(data_dir: Path) -> tuple[Hashes, dict[str, set[Key]]]:
    """The hash of every root row, and the keys of those that are marked as deleted."""
    hashes: Hashes = {}
    deleted: dict[str, set[Key]] = {}
    with warehouse.connect(data_dir, read_only=True) as connection:
        for name in (*READ_WHOLE, *WINDOWED):
            keys = ", ".join(key_columns(TABLES[name]))
            rows = connection.execute(
                f"select ({keys}), row_hash, deleted_at is not null from {warehouse.SCHEMA}.{name}"
            ).fetchall()
            hashes[name] = {tuple(key): row_hash for key, row_hash, _ in rows}
            deleted[name] = {tuple(key) for key, _, is_deleted in rows if is_deleted}
    return hashes, deleted


LOADS = ("first", "second", "third", "fourth", "sweep")


@pytest.mark.parametrize("name", ["first", "third"])
def test_the_account_changed_while_it_was_read(name: str, nights: dict[str, ObservedNight]) -> None:
    assert nights[name].unrest.keys() == {"a day", "a record less", "another record"}
    assert nights[name].unrest.total() >= 15
    assert nights[name].outdated, "what changed behind the walk is not there yet"


@pytest.mark.parametrize("name", LOADS)
def test_no_key_is_there_twice_and_nothing_that_exists_is_marked(
    name: str, nights: dict[str, ObservedNight]
) -> None:
    assert nights[name].repeated == []
    assert nights[name].marked == {}


@pytest.mark.parametrize("name", LOADS)
def test_every_list_is_read_to_its_end(name: str, nights: dict[str, ObservedNight]) -> None:
    errors = {r.resource: r.error for r in nights[name].report.resources if r.error}
    assert errors == {}
    assert {resource.status for resource in nights[name].report.resources} == {"ok"}
    assert nights[name].report.status == "ok", nights[name].report.differences


@pytest.mark.parametrize("name", ["second", "fourth"])
def test_nothing_is_lost_after_the_next_incremental_load(
    name: str, nights: dict[str, ObservedNight]
) -> None:
    assert nights[name].outdated == set()
    assert nights[name].whole == {}
    assert nights[name].windowed == {}


def test_the_sweep_marks_everything_that_vanished(nights: dict[str, ObservedNight]) -> None:
    assert "payments" in nights["fourth"].everything, "no window finds what vanished"
    assert nights["sweep"].everything == {}
    assert nights["sweep"].report.total("rows_deleted") >= 1


def test_numbered_pages_that_shift_while_they_are_read_mark_nothing(tmp_path: Path) -> None:
    """Each time that the list is read, a record moves up and is passed over; it is there still."""
    with create_account(tmp_path / "account.sqlite", clients=3, months=0, teams=1) as account:

        def look(request: Request) -> Response | None:
            if request.query_params.get("page") == "2" and is_shifting:
                account.store.remove(errors.pop())
            return None

        errors = [place for place, _ in account.store.objects(positions.SHARED_TEAM, "cfdi_errors")]
        truth = {"cfdi_errors": expected(account)["cfdi_errors"]}
        with serving(Between(create_app(account), look)) as url:
            wanted = settings_for(account, url, page_size=50)
            is_shifting = False
            run(wanted, tmp_path / "data", "cfdi_errors", "sat_lists")
            is_shifting = True
            shifted = run(wanted, tmp_path / "data", "cfdi_errors", "sat_lists")
            unmarked = differences(tmp_path / "data", truth)
            is_shifting = False
            run(wanted, tmp_path / "data", "cfdi_errors")
        truth = {"cfdi_errors": expected(account)["cfdi_errors"]}
        left = differences(tmp_path / "data", truth)
    assert [r.error for r in shifted.resources if r.error] == []
    statuses = {resource.resource: resource.status for resource in shifted.resources}
    assert statuses == {"cfdi_errors": "ok", "sat_lists": "ok"}
    assert not any(r.complete_sweep for r in shifted.resources if r.resource == "cfdi_errors")
    assert (shifted.total("rows_deleted"), unmarked, left) == (0, {}, {})
