"""The ledger says what the API delivered, what the warehouse holds of it, and all that is odd."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.gigstack.extract.stats import ResourceStats
from pipelines.gigstack.normalize.batch import Reject
from pipelines.sandbox.simulation.account import Account
from pipelines.warehouse.run_log import Comparison, LoadResult
from tests.pipelines.commands import access, cli
from tests.pipelines.conftest import Loaded
from tests.pipelines.loads import Row, lookback, query, run, settings_for
from tests.pipelines.scripted import TEAM, Scripted, account_script, api, page, settings
from tests.pipelines.story import SERVED_AS

WITH_MONEY = (
    *("income", "egress", "complements", "transfers", "drafts", "sat_invoices"),
    *("payments", "receipts"),
)
TABLES_WITH_MONEY = ("invoices", "invoice_drafts", "sat_invoices", "payments", "receipts")
Figures = dict[tuple[str, str, str], Decimal]  # by team, stream and measure


def figures(data_dir: Path, column: str) -> Figures:
    """What the ledger says of the last run: `api_value`, `warehouse_value` or `difference`."""
    rows = query(
        data_dir,
        f"select team_id, stream, measure, {column} as amount from ops.reconciliation "
        "where run_id = (select run_id from ops.runs order by started_at desc limit 1)",
    )
    return {(row["team_id"], row["stream"], row["measure"]): row["amount"] for row in rows}


def worked_out(account: Account) -> Figures:
    """Rows, and money by status and currency, from the clean objects of the account."""
    found: Figures = {}

    def add(team: str, resource: str, measure: str, amount: Decimal) -> None:
        found[team, resource, measure] = found.get((team, resource, measure), Decimal(0)) + amount

    for team in account.roster:
        for served in WITH_MONEY:
            resource = SERVED_AS.get(served, served)
            for _, record in account.store.objects(team.number, served):
                status, currency = record["status"].lower(), record["currency"]
                add(team.id, resource, "rows", Decimal(1))
                if total := Decimal(record.get("total") or 0):
                    add(team.id, resource, f"total {status} {currency}", total)
    return found


@dataclass(frozen=True)
class Tampered:
    """A load of nothing new, then amounts that somebody changed by hand, and a load after."""

    where: Path
    before: tuple[str, Figures, Figures]  # status of the run, what the API delivered, differences
    changed: Figures
    said: subprocess.CompletedProcess[str]
    status: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def tampered(
    account: Account,
    base_url: str,
    loaded: Loaded,
    tmp_path_factory: pytest.TempPathFactory,
) -> Tampered:
    where = tmp_path_factory.mktemp("tampered")
    shutil.copytree(loaded.data_dir, where / "data")
    days = max(0, lookback(account, 90))
    wanted = settings_for(account, base_url, lookback_days=days)
    report = run(wanted, where / "data", *TABLES_WITH_MONEY)
    delivered, differing = (figures(where / "data", c) for c in ("api_value", "difference"))
    changed = _tamper(where / "data")
    env = access(account, base_url) | {"SOURCES__GIGSTACK__LOOKBACK_DAYS": str(days)}
    chosen = [argument for name in TABLES_WITH_MONEY for argument in ("--resource", name)]
    said = cli(where, "load", "--team", "all", *chosen, env=env)
    before = (report.status, delivered, differing)
    return Tampered(where, before, changed, said, cli(where, "status", env=env))


def _tamper(data_dir: Path) -> Figures:
    """Add a cent to an invoice, and make a payment fail; what that does to which figures."""
    with duckdb.connect(data_dir / "warehouse.duckdb") as connection:
        invoice = connection.execute(
            "update gigstack.invoices set total = total + 0.01 where invoice_id = ("
            "select min(invoice_id) from gigstack.invoices where status = 'valid' "
            "and document_kind = 'income') returning team_id, currency"
        ).fetchone()
        payment = connection.execute(
            "update gigstack.payments set status = 'failed' where payment_id = ("
            "select min(payment_id) from gigstack.payments where status = 'succeeded') "
            "returning team_id, currency, total"
        ).fetchone()
    assert invoice
    assert payment
    return {
        (invoice[0], "invoices_income", f"total valid {invoice[1]}"): Decimal("0.01"),
        (payment[0], "payments", f"total succeeded {payment[1]}"): -payment[2],
        (payment[0], "payments", f"total failed {payment[1]}"): payment[2],
    }


def test_rows_and_money_by_status_and_currency_are_those_of_the_account(
    account: Account, loaded: Loaded
) -> None:
    expected = worked_out(account)
    assert len({measure for _, _, measure in expected}) > 8, "more than a currency and a status"
    resources = {resource for _, resource, _ in expected}
    for column in ("api_value", "warehouse_value"):
        found = figures(loaded.data_dir, column)
        assert {key: amount for key, amount in found.items() if key[1] in resources} == expected


def test_every_list_is_counted_and_nothing_differs_after_a_clean_load(loaded: Loaded) -> None:
    differing = figures(loaded.data_dir, "difference")
    assert set(differing.values()) == {Decimal(0)}
    counted = {(team, resource) for team, resource, measure in differing if measure == "rows"}
    read = query(
        loaded.data_dir,
        "select team_id, stream, rows_seen from ops.run_streams where rows_seen > 0",
    )
    assert counted == {(row["team_id"], row["stream"]) for row in read}


def test_nothing_differs_when_nothing_changed(account: Account, tampered: Tampered) -> None:
    status, delivered, differing = tampered.before
    assert status == "ok"
    assert delivered == worked_out(account)
    assert set(differing.values()) == {Decimal(0)}


def test_an_amount_changed_by_hand_is_a_difference(tampered: Tampered) -> None:
    found = figures(tampered.where / "data", "difference")
    assert {key: amount for key, amount in found.items() if amount} == tampered.changed
    (last,) = query(
        tampered.where / "data",
        "select status, rows_changed from ops.runs order by started_at desc limit 1",
    )
    assert last == {"status": "warn", "rows_changed": 0}


@pytest.mark.parametrize("command", ["said", "status"])
def test_a_difference_is_shown_by_summary_and_status(command: str, tampered: Tampered) -> None:
    done: subprocess.CompletedProcess[str] = getattr(tampered, command)
    assert done.returncode == 3
    api_values = figures(tampered.where / "data", "api_value")
    for (team, resource, measure), difference in tampered.changed.items():
        delivered = api_values[team, resource, measure]
        amounts = [f"{amount.normalize():f}" for amount in (delivered, delivered + difference)]
        told = (resource, team, measure, *amounts)
        assert any(all(text in line for text in told) for line in done.stdout.splitlines()), told


GOOD = {"id": "good", "status": "valid", "currency": "MXN", "total": "10.50"}
ODD = (
    GOOD | {"id": "field", "beta": {"score": 1.50}},
    GOOD | {"id": "field as well", "beta": 2},
    GOOD | {"id": "type", "total": "ten", "items": [{"quantity": [1]}]},
    GOOD | {"id": "word", "status": "Estimado", "payment_method": "PIX"},
    GOOD | {"id": "another word", "status": "otro"},
)
KINDS = {  # path and kind: example and how often
    ("beta", "unknown_field"): ('{"score":1.5}', 2),
    ("total", "type_mismatch"): ('"ten"', 1),
    ("items[].quantity", "type_mismatch"): ("[1]", 1),
    ("status_raw", "unknown_value"): ("Estimado", 2),
    ("payment_method", "unknown_value"): ("PIX", 1),
}


@dataclass(frozen=True)
class Drifted:
    """Two loads of the same odd records, and one after they are gone."""

    data_dir: Path
    reports: list[LoadResult]
    drift: list[list[Row]]  # the ledger's, after each


@pytest.fixture(scope="module")
def drifted(tmp_path_factory: pytest.TempPathFactory) -> Drifted:
    data_dir = tmp_path_factory.mktemp("drifted") / "data"
    shown: list[dict[str, Any]] = [GOOD, *ODD]
    found = Drifted(data_dir, [], [])

    def answer(_: object) -> Scripted:
        return page(shown)

    with api(account_script({"/invoices/draft": answer})) as (_, url):
        for _ in range(3):
            found.reports.append(run(settings(url), data_dir, "invoice_drafts"))
            found.drift.append(query(data_dir, "select * from ops.drift order by path, kind"))
            shown = shown if len(found.reports) < 2 else [GOOD]
    return found


@pytest.mark.parametrize("number", [0, 1], ids=["new", "known"])
def test_what_is_odd_is_counted_in_every_run_and_news_once(number: int, drifted: Drifted) -> None:
    report = drifted.reports[number]
    found = {
        (path, kind): (report.examples[resource, path, kind], count)
        for (resource, path, kind), count in report.drift.items()
    }
    assert found == KINDS
    assert report.status == ("ok" if number else "warn")
    runs = query(drifted.data_dir, "select status, drift from ops.runs order by started_at")
    assert (runs[number]["status"], runs[number]["drift"]) == (report.status, len(KINDS))


def test_the_ledger_keeps_one_line_a_kind(drifted: Drifted) -> None:
    first, second, third = drifted.drift
    assert {(row["path"], row["kind"]): (row["example"], row["occurrences"]) for row in first} == (
        KINDS
    )
    assert [row["occurrences"] for row in second] == [row["occurrences"] * 2 for row in first]
    for row in second:
        assert row["first_seen_at"] == drifted.reports[0].started_at
        assert row["last_seen_at"] == drifted.reports[1].started_at
    assert third == second, "and nothing new, once all is regular"
    assert drifted.reports[2].status == "ok"
    assert not drifted.reports[2].drift


def test_what_is_odd_is_not_lost(drifted: Drifted) -> None:
    rows = query(
        drifted.data_dir,
        "select draft_id, status, status_raw, payment_method, total::varchar as total, "
        "extra::varchar as extra from gigstack.invoice_drafts order by draft_id",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("another word", "otro", "otro", None, "10.500000", None),
        ("field", "valid", "valid", None, "10.500000", '{"beta":{"score":1.5}}'),
        ("field as well", "valid", "valid", None, "10.500000", '{"beta":2}'),
        ("good", "valid", "valid", None, "10.500000", None),
        ("type", "valid", "valid", None, None, '{"total":"ten"}'),
        ("word", "estimado", "Estimado", "PIX", "10.500000", None),
    ]
    items = query(drifted.data_dir, "select extra::varchar as x from gigstack.invoice_draft_items")
    assert items == [{"x": '{"quantity":[1]}'}]


def _held_back(report: LoadResult) -> None:
    report.skipped_deletions.append("3 of 10 rows are no longer listed")


def _failed(report: LoadResult) -> None:
    report.resources[0].status = "failed"


def _postponed(report: LoadResult) -> None:
    report.resources[0].postponed = 1


DEVIATIONS: dict[str, tuple[str, Callable[[LoadResult], object]]] = {
    "nothing": ("ok", lambda report: report),
    "unavailable": ("ok", lambda report: setattr(report.resources[0], "status", "unavailable")),
    "no difference": ("ok", lambda r: r.comparisons.append(Comparison(TEAM, "a", "rows", 1, 1))),
    "difference": ("warn", lambda r: r.comparisons.append(Comparison(TEAM, "a", "rows", 1, 2))),
    "reject": ("warn", lambda r: r.rejects.append(Reject("a", TEAM, "no key", None, "{}"))),
    "drift": ("warn", lambda report: report.drift.update([("a", "beta", "unknown_field")])),
    "held back": ("warn", _held_back),
    "postponed": ("warn", _postponed),
    "failed stream": ("partial", _failed),
    "message": ("failed", lambda report: setattr(report, "message", "the disk is full")),
}


@pytest.mark.parametrize("deviation", DEVIATIONS)
def test_a_run_is_ok_only_when_all_of_it_is(deviation: str) -> None:
    status, deviate = DEVIATIONS[deviation]
    report = LoadResult("run", "full", datetime(2026, 1, 1, tzinfo=UTC))
    report.resources = [ResourceStats("a", TEAM), ResourceStats("b", TEAM)]
    deviate(report)
    assert report.status == status
    assert replace(report, resources=[]).status in (status, "ok")
