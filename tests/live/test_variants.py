"""No load ends well with a table that differs from the account, however the API answers."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.sandbox.api.variants.catalogue import CATALOGUE
from pipelines.sandbox.simulation.account import Account
from tests.accounts import create_account
from tests.live.__main__ import BEGIN, PAGE
from tests.live.outcomes import outcome, outcomes
from tests.once import once

# what a load copes with: an answer in other words, or one that has to be asked for otherwise
HARMLESS = {
    *("camel-case-paging", "nested-paging", "nested-paging-in-meta", "data-in-data", "odd-types"),
    *("cursor-in-starting-after", "cursor-in-page-token", "next-is-url", "limit-50"),
    *("capped-pages", "shrinking-total", "candidate-null", "candidate-400", "candidate-500"),
    *("filter-in-milliseconds-only", "filter-drops-undated", "filter-ignored", "filter-refused"),
    *("filter-needs-index", "filter-empty-404", "filter-past-refused", "filter-or-cursor"),
    *("sat-filter-by-day", "documents-404", "other-shapes", "empty-204", "own-team-listed"),
    *("opaque-key", "other-claim-key", "throttle-hard", "throttle-announced", "retry-after-date"),
    *("bom", "latin-1", "odd-ids", "test-mode", "updated-everywhere", "updated-filter"),
    *("key-echo",),
}
NEWS = {"new-fields", "objects-for-ids", "richer-singles"}  # told once, and nothing is missing
# what a variant is about; the others are about every list
LISTS = {
    "richer-singles": ("teams",),
    "huge-record": ("services",),
    "endless-repeat": ("services",),
    "endless-empty": ("payments",),
    "two-pages-in-turn": ("clients",),
    "total-too-large": ("clients",),
    "odd-ids": ("clients", "support_documents"),
    "key-echo": ("clients",),
    "sat-filter-by-day": ("sat_invoices",),
    "shrinking-total": ("cfdi_errors",),
    "capped-pages": ("cfdi_errors",),
    "other-shapes": ("team_series", "team_integrations"),
    **dict.fromkeys(("documents-404", "documents-401"), ("clients", "support_documents")),
    **dict.fromkeys(("candidate-null", "candidate-400", "candidate-500"), ("cfdi_errors",)),
    **dict.fromkeys(("own-team-missing", "own-team-listed"), ("teams",)),
    "ignored-team": ("clients", "receipts"),
    "reduced-rows": ("invoices",),
    "list-gone": ("retentions",),
    "list-forbidden": ("receipts",),
    **dict.fromkeys(("list-401", "once-401"), ("payments",)),
    "endless-body": ("webhooks",),
    **dict.fromkeys(("gzip-bomb", "gzip-bomb-twice"), ("users",)),
}
EVERY_KIND = ("clients", "payments", "sat_invoices", "webhooks", "cfdi_errors", "team_series")
APART = ("sat_lists",)  # a list beside them, which fails with none of them
ONCE = {"throttle-hard", "throttle-announced", "retry-after-date", "latin-1", "bom"}
SLOW = {"huge-record", "endless-body", "gzip-bomb", "gzip-bomb-twice", "throttle-hard"}


@pytest.fixture(scope="module")
def account_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "live", _create)


def _create(where: Path) -> Path:
    with create_account(where / "account.sqlite", clients=5, months=2, teams=2):
        return where / "account.sqlite"


@pytest.fixture
def account(account_file: Path, tmp_path: Path) -> Iterator[Account]:
    with _copy(account_file, tmp_path) as opened:
        yield opened


def _copy(account_file: Path, where: Path) -> Account:
    where.mkdir(exist_ok=True)
    return Account.open(Path(shutil.copy(account_file, where / "account.sqlite")))


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_load_equals_the_account_or_names_what_does_not(
    name: str, account: Account, tmp_path: Path
) -> None:
    lists = (*LISTS.get(name, EVERY_KIND), *APART)
    loads = 1 if name in LISTS.keys() | ONCE else 2
    first, *second = outcomes(account, [name], tmp_path / "data", lists, loads)
    assert [found.unsaid for found in (first, *second)] == [set()] * loads, (first, second)
    if name in HARMLESS | NEWS:
        assert {found.wrong for found in (first, *second)} == {frozenset()}, (first, second)
        assert first.status == ("warn" if name in NEWS else "ok"), first.lines
        assert {found.status for found in second} <= {"ok"}, second


@settings(
    max_examples=8,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.sampled_from(sorted(CATALOGUE.keys() - SLOW)), min_size=2, max_size=2))
def test_so_does_one_of_any_two_variants_together(
    account_file: Path, tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    where = tmp_path_factory.mktemp("pair")
    with _copy(account_file, where) as account:
        lists = {name for variant in names for name in LISTS.get(variant, EVERY_KIND)}
        (first,) = outcomes(account, names, where / "data", (*lists, *APART), loads=1)
    assert first.unsaid == set(), (names, first)


@pytest.mark.parametrize("name", ["list-gone", "list-forbidden", "list-401", "renamed-list"])
def test_a_list_that_could_be_read_yesterday_is_missed_today(
    name: str, account: Account, tmp_path: Path
) -> None:
    lists = ("payments", "receipts", "retentions", *APART)
    assert outcome(account, (), tmp_path / "data", lists).status == "ok"
    account.advance(1)
    today = outcome(account, [name], tmp_path / "data", lists)
    assert today.status in ("partial", "failed")
    assert today.unsaid == set()
    assert today.unavailable == ()


def test_a_warehouse_keeps_to_its_mode(account: Account, tmp_path: Path) -> None:
    lists = ("payments", *APART)
    assert outcome(account, (), tmp_path / "data", lists).status == "ok"
    test = outcome(account, ["test-mode"], tmp_path / "data", lists)
    assert test.is_over
    assert test.lines == (
        "This is a test key, and the warehouse holds live data. "
        "Give each mode a directory of its own: --data-dir.",
    )
    unnamed = outcome(account, ["test-mode", "opaque-key"], tmp_path / "data", lists)
    assert unnamed.status == "partial"
    assert any("of another team or mode" in line for line in unnamed.lines)


def test_the_page_on_live_runs_has_every_variant() -> None:
    text = PAGE.read_text(encoding="utf-8")
    table = text[text.index(BEGIN) :]
    names = [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")]
    assert names == list(CATALOGUE), "Run make live."
    assert "not said" not in table
