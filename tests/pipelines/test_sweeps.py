"""What vanished is marked, what returns is alive again, and nothing is marked that may be there."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from pipelines.gigstack.settings import Settings
from pipelines.load.run import LoadOptions
from pipelines.warehouse.run_log import LoadResult
from tests.pipelines.commands import cli
from tests.pipelines.loads import Row, query, run
from tests.pipelines.scripted import (
    AT_ONCE,
    Scripted,
    account_script,
    api,
    key,
    page,
    settings,
)

FULL, NIGHTLY = LoadOptions("full"), LoadOptions()
WHATEVER_VANISHES = LoadOptions("full", allow_mass_delete=True)
NOW = int(time.time())
DAY = 86_400
ITEM = {"id": "service_1", "quantity": 1, "unit_price": "10.50", "taxes": [{"type": "IVA"}]}
MONEY = {"currency": "MXN", "total": "10.50"}
PAYMENT = {"status": "succeeded", "items": [ITEM, ITEM], **MONEY}
INVOICE = {"status": "valid", "payment_method": "PUE", "items": [ITEM], **MONEY}
Records = dict[str, dict[str, Any]]  # by id


def numbered(name: str, count: int, **fields: Any) -> Records:
    """So many records, `name_0` and so on, of yesterday."""
    ids = [f"{name}_{number}" for number in range(count)]
    return {one: {"id": one, "created_at": NOW - DAY, **fields} for one in ids}


@dataclass
class Shelves:
    """What the lists of an account hold, by path; a broken one fails after its first page."""

    lists: dict[str, Records]
    broken: set[str] = field(default_factory=set)

    def answer(self, path: str, request: Request) -> Scripted:
        asked = request.query_params
        if asked.get("next"):
            return 500, AT_ONCE, {"error": "internal_server_error"}
        since = int(asked.get("created[gte]", 0))
        records = [one for one in self.lists[path].values() if one["created_at"] >= since]
        if path in self.broken and records:
            return page(records[: len(records) // 2], next="further", has_more=True)
        return page(records, has_more=False)


@contextmanager
def served(shelves: Shelves) -> Iterator[Settings]:
    answers = {path: partial(shelves.answer, path) for path in shelves.lists}
    with api(account_script(answers)) as (_, url):
        yield settings(url, documents=())


@dataclass(frozen=True)
class RunResult:
    """A load; the rows of all tables after it, by id, and how many children each of them has."""

    report: LoadResult
    rows: dict[str, Row]
    children: dict[str, int]
    ledger: Row

    @property
    def deleted(self) -> set[str]:
        return {identity for identity, row in self.rows.items() if row["deleted_at"]}


def night(data_dir: Path, report: LoadResult) -> RunResult:
    rows = query(
        data_dir,
        """
        from (select service_id as id, * from gigstack.services)
        union all by name select payment_id as id, * from gigstack.payments
        union all by name select invoice_id as id, * from gigstack.invoices
        """,
    )
    children = query(
        data_dir,
        """
        select id, count(*) as children
        from (
            select service_id as id from gigstack.service_taxes
            union all select payment_id from gigstack.payment_items
            union all select payment_id from gigstack.payment_item_taxes
            union all select invoice_id from gigstack.invoice_items
        )
        group by id
        """,
    )
    ledger = query(data_dir, "select * from ops.runs order by started_at")[-1]
    by_id = {row["id"]: row for row in rows}
    return RunResult(report, by_id, {row["id"]: row["children"] for row in children}, ledger)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunResult]:
    """The first record of each list vanishes and returns, lists break, with a load after each."""
    data_dir = tmp_path_factory.mktemp("nights") / "data"
    services = numbered("service", 10, unit_price="10.50", taxes=[{"type": "IVA"}])
    payments, income = numbered("payment", 10, **PAYMENT), numbered("income", 10, **INVOICE)
    egress = numbered("egress", 10, **INVOICE)
    payments["payment_9"]["created_at"] = NOW - 400 * DAY
    paths = ("/services", "/payments", "/invoices/income", "/invoices/egress")
    shelves = Shelves(dict(zip(paths, (services, payments, income, egress), strict=True)))
    with served(shelves) as wanted:

        def load(options: LoadOptions) -> RunResult:
            return night(data_dir, run(wanted, data_dir, *names, options=options))

        names = ("services", "payments", "invoices_income", "invoices_egress")
        found = {"first": load(FULL)}
        gone = [services.pop("service_0"), payments.pop("payment_0"), income.pop("income_0")]
        shelves.broken = set(paths[:3])
        found["broken"] = load(FULL)
        gone.append(egress.pop("egress_0"))
        shelves.broken = set()
        payments["payment_9"]["total"] = "99.00"  # and nothing says that it changed
        found["nightly"] = load(NIGHTLY)
        shelves.broken = {"/invoices/egress"}
        found["full"] = load(FULL)
        shelves.broken = set()
        gone[1]["items"] = []
        for records, record in zip(shelves.lists.values(), gone, strict=True):
            records[record["id"]] = record
        found["back"] = load(FULL)
    return found


def test_a_list_that_breaks_off_marks_nothing(nights: dict[str, RunResult]) -> None:
    failed = {s.resource for s in nights["broken"].report.resources if s.status == "failed"}
    assert failed == {"services", "payments", "invoices_income"}
    assert nights["broken"].deleted == set()
    assert "egress_0" not in nights["full"].deleted


def test_an_incremental_load_marks_only_in_lists_that_it_reads_whole(
    nights: dict[str, RunResult],
) -> None:
    nightly = nights["nightly"]
    whole = {s.resource for s in nightly.report.resources if s.complete_sweep}
    assert whole == {"services"}
    assert {s.status for s in nightly.report.resources} == {"ok"}
    assert nightly.deleted == {"service_0"}


def test_a_full_load_marks_what_vanished(nights: dict[str, RunResult]) -> None:
    first, nightly, full = nights["first"], nights["nightly"], nights["full"]
    assert full.deleted == {"service_0", "payment_0", "income_0"}
    assert full.rows["service_0"] == nightly.rows["service_0"], "it was marked before"
    for identity in ("payment_0", "income_0"):
        run_id, started_at = full.report.run_id, full.report.started_at
        marks = {"deleted_at": started_at, "updated_at": started_at, "loaded_at": started_at}
        more = {"updated_at_basis": "observed", "run_id": run_id}
        assert full.rows[identity] == first.rows[identity] | marks | more


def test_the_ledger_counts_what_was_marked(nights: dict[str, RunResult]) -> None:
    for name, counts in (
        ("broken", {}),
        ("nightly", {"services": 1}),
        ("full", {"payments": 1, "invoices_income": 1}),
        ("back", {}),
    ):
        resources = nights[name].report.resources
        assert {s.resource: s.rows_deleted for s in resources if s.rows_deleted} == counts
        assert nights[name].ledger["rows_deleted"] == sum(counts.values())


def test_what_vanished_keeps_its_children(nights: dict[str, RunResult]) -> None:
    assert nights["full"].children == nights["first"].children
    assert nights["first"].children["payment_0"] == 4


def test_what_returns_is_alive_with_the_children_it_has_now(nights: dict[str, RunResult]) -> None:
    first, full, back = nights["first"], nights["full"], nights["back"]
    assert back.deleted == set()
    assert back.report.status == "ok"
    assert back.children.keys() == first.children.keys() - {"payment_0"}
    assert all(first.children[identity] == back.children[identity] for identity in back.children)
    assert back.rows["service_0"]["row_hash"] == first.rows["service_0"]["row_hash"]
    for identity in ("service_0", "payment_0", "income_0"):
        assert back.rows[identity]["updated_at"] > full.rows[identity]["updated_at"]
        assert back.rows[identity]["run_id"] == back.report.run_id
    written = {identity for identity, row in back.rows.items() if row != full.rows[identity]}
    assert written == {"service_0", "payment_0", "income_0"}, "and nothing else"


def test_a_silent_change_outside_every_window_is_caught_by_the_sweep(
    nights: dict[str, RunResult],
) -> None:
    totals = {name: one.rows["payment_9"]["total"] for name, one in nights.items()}
    assert str(totals["nightly"]) == "10.500000", "nobody asked for it"
    assert str(totals["full"]) == "99.000000"
    changed = nights["full"].rows["payment_9"]
    assert changed["updated_at"] == nights["full"].report.started_at
    assert changed["updated_at_basis"] == "observed"
    assert nights["full"].report.total("rows_changed") == 1


def test_a_fifth_of_a_table_may_vanish_at_once(tmp_path: Path) -> None:
    shelves = Shelves({"/services": numbered("service", 10)})
    with served(shelves) as wanted:
        run(wanted, tmp_path, "services")
        for identity in ("service_0", "service_1"):
            del shelves.lists["/services"][identity]
        report = run(wanted, tmp_path, "services")
    assert (report.status, report.total("rows_deleted")) == ("ok", 2)


def test_more_than_a_fifth_vanishes_only_when_allowed(tmp_path: Path) -> None:
    shelves = Shelves({"/services": numbered("service", 10)})
    deleted = "select service_id from gigstack.services where deleted_at is not null order by all"
    data_dir = tmp_path / "data"
    with served(shelves) as wanted:
        env = {
            "GIGSTACK_API_KEY": key(),
            "GIGSTACK_API_BASE_URL": wanted.base_url,
            "SOURCES__GIGSTACK__REQUESTS_PER_SECOND": "1000",
        }
        run(wanted, data_dir, "services")
        gone = ["service_0", "service_1", "service_2"]
        for identity in gone:
            del shelves.lists["/services"][identity]
        held_back = cli(tmp_path, "load", "--mode", "full", "--resource", "services", env=env)
        still_there = query(data_dir, deleted)
        status = cli(tmp_path, "status", env=env)
        allowed = run(wanted, data_dir, "services", options=WHATEVER_VANISHES)
    assert held_back.returncode == status.returncode == 3
    assert still_there == []
    message = "3 of 10 rows of services are no longer listed. Not marked as deleted"
    assert message in held_back.stdout
    assert held_back.stdout.splitlines()[-1].startswith("warn: 7 records")
    assert message in status.stdout
    runs = query(data_dir, "select status, rows_deleted, message from ops.runs order by started_at")
    assert [(row["status"], row["rows_deleted"]) for row in runs] == [
        ("ok", 0),
        ("warn", 0),
        ("ok", 3),
    ]
    assert message in runs[1]["message"]
    assert "--allow-mass-delete" in runs[1]["message"]
    assert allowed.status == "ok"
    assert [row["service_id"] for row in query(data_dir, deleted)] == gone


def test_drafts_may_vanish_all_at_once(tmp_path: Path) -> None:
    drafts = numbered("draft", 5, updated_at=NOW, items=[ITEM], **MONEY)
    shelves = Shelves({"/invoices/draft": drafts})
    with served(shelves) as wanted:
        run(wanted, tmp_path, "invoice_drafts")
        drafts.clear()
        report = run(wanted, tmp_path, "invoice_drafts")
    assert (report.status, report.total("rows_deleted")) == ("ok", 5)
    (left,) = query(
        tmp_path,
        "select count(*) filter (deleted_at is null) as alive, "
        "(select count(*) from gigstack.invoice_draft_items) as items from gigstack.invoice_drafts",
    )
    assert left == {"alive": 0, "items": 5}
