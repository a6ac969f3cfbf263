"""Loads of a sandbox account into a real warehouse, held against the truth of the account."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.foundation.errors import AuthenticationError, WarehouseError
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
from pipelines.gigstack.settings import Settings
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import Account
from tests.accounts import create_account
from tests.pipelines.conftest import Loaded
from tests.pipelines.loads import (
    TABLES,
    contents,
    differences,
    query,
    run,
    settings_for,
    tables_in,
)
from tests.pipelines.scripted import (
    AT_ONCE,
    TEAM,
    Scripted,
    account_script,
    api,
    key,
    page,
    refusal,
    settings,
)

RUN_COLUMNS = "run_id|loaded_at|_dlt_id|_dlt_load_id"
PAGED = ("services", "sat_invoices")  # enough pages, at few a page, for every fault to strike
EMPTY_TABLES = {"sat_download_requests"}


@contextmanager
def sandbox(
    served: Account, *faults: str, rate: float = 1.0, **changes: Any
) -> Iterator[tuple[Settings, str]]:
    """Settings that reach the account behind these faults, and the URL of its controls."""
    with serving(create_app(served, faults=faults, fault_rate=rate)) as url:
        yield settings_for(served, url, **changes), url.removesuffix("/v2") + "/_sandbox"


def statuses(data_dir: Path) -> dict[tuple[str, str], str]:
    rows = query(data_dir, "select stream, team_id, status from ops.run_streams")
    return {(row["stream"], row["team_id"]): row["status"] for row in rows}


def last_run(data_dir: Path) -> dict[str, Any]:
    return query(data_dir, "select * from ops.runs order by started_at desc limit 1")[0]


def test_every_table_has_the_keys_and_the_money_of_the_account(
    account: Account, loaded: Loaded
) -> None:
    truth = expected(account)
    assert all(table.rows for name, table in truth.items() if name != "payment_refunds"), (
        "an account that leaves a table empty proves nothing of it"
    )
    assert differences(loaded.data_dir, truth) == {}


def test_every_declared_table_is_there(loaded: Loaded) -> None:
    assert tables_in(loaded.data_dir) == TABLES.keys()


def test_no_column_is_a_float_but_confidence(loaded: Loaded) -> None:
    floats = query(
        loaded.data_dir,
        """
        select table_name, column_name from information_schema.columns
        where table_schema = 'gigstack' and data_type in ('FLOAT', 'DOUBLE')
            and not contains(column_name, 'confidence')
        """,
    )
    assert floats == []


def test_money_is_decimal_and_moments_carry_their_zone(loaded: Loaded) -> None:
    types = query(
        loaded.data_dir,
        """
        select distinct data_type from information_schema.columns
        where table_schema = 'gigstack' and not starts_with(table_name, '_dlt')
            and not contains(column_name, 'confidence')
        """,
    )
    assert {row["data_type"] for row in types} == {
        "VARCHAR",
        "JSON",
        "BOOLEAN",
        "BIGINT",
        "DECIMAL(18,6)",
        "TIMESTAMP WITH TIME ZONE",
        "DATE",  # the days that a SAT download asks for
    }


def test_every_root_row_says_its_team_its_run_and_when_it_changed(loaded: Loaded) -> None:
    for entity in ENTITIES.values():
        if entity.name in EMPTY_TABLES:
            continue
        (row,) = query(
            loaded.data_dir,
            f"""
            select count(*) as all_rows,
                count(*) filter (
                    team_id is not null and run_id = '{loaded.report.run_id}'
                    and loaded_at = timestamptz '{loaded.report.started_at.isoformat()}'
                    and updated_at is not null and row_hash is not null
                    and updated_at_basis in ('api', 'lifecycle', 'observed')
                    and deleted_at is null
                ) as complete_rows
            from gigstack.{entity.root.name}
            """,
        )
        assert row["all_rows"] == row["complete_rows"] > 0, entity.name


def test_a_clean_load_is_ok_in_the_ledger(loaded: Loaded) -> None:
    assert loaded.report.status == "ok", (loaded.report.drift, loaded.report.examples)


def test_every_stream_of_every_team_is_in_the_ledger(account: Account, loaded: Loaded) -> None:
    for_all = {
        name for name, s in RESOURCES.items() if s.scope.value != "key" and not s.is_optional
    }
    once = {name for name, s in RESOURCES.items() if s.scope.value == "key"}
    assert statuses(loaded.data_dir) == {
        (resource, team): "ok" for resource in for_all for team in account.teams
    } | {(resource, account.teams[0]): "ok" for resource in once}
    sweeps = query(loaded.data_dir, "select distinct complete_sweep from ops.run_streams")
    assert sweeps == [{"complete_sweep": True}]


def test_the_ledger_counts_what_was_read(loaded: Loaded) -> None:
    (counted,) = query(
        loaded.data_dir,
        "select sum(rows_seen) as seen, sum(rows_changed) as changed, sum(requests) as requests "
        "from ops.run_streams",
    )
    found = last_run(loaded.data_dir)
    assert (found["rows_seen"], found["rows_changed"]) == (counted["seen"], counted["changed"])
    assert found["rows_seen"] == found["rows_changed"] > 500
    assert found["requests"] == counted["requests"] + 1, "and the one that finds the teams"


def test_accents_and_letters_of_all_kinds_survive(account: Account, loaded: Loaded) -> None:
    names = {
        (account.teams[team], record["id"]): record["legal_name"]
        for team in range(len(account.teams))
        for _, record in account.store.objects(team, "clients")
    }
    rows = query(loaded.data_dir, "select team_id, client_id, legal_name from gigstack.clients")
    assert {(row["team_id"], row["client_id"]): row["legal_name"] for row in rows} == names
    assert any(not name.isascii() for name in names.values())


def test_only_harmless_requests_are_made(
    account: Account, base_url: str, loaded_copy: Path
) -> None:
    report = run(settings_for(account, base_url), loaded_copy)
    stats = httpx.get(base_url.removesuffix("/v2") + "/_sandbox/stats").json()
    assert stats["total_requests"] >= report.requests > 0
    assert stats["forbidden_calls"] == 0


def test_every_request_is_a_get(data_dir: Path) -> None:
    methods = set()

    def noted(request: Any) -> Scripted:
        methods.add(request.method)
        return page([{"id": "client_1"}])

    with api(account_script({"/clients": noted})) as (_, url):
        run(settings(url, documents=()), data_dir, "clients")
    assert methods == {"GET"}


def test_loading_twice_changes_nothing(
    account: Account, base_url: str, loaded: Loaded, loaded_copy: Path
) -> None:
    report = run(settings_for(account, base_url), loaded_copy)
    assert report.total("rows_changed") == 0
    assert report.total("rows_seen") == loaded.report.total("rows_seen")
    assert last_run(loaded_copy)["rows_changed"] == 0
    assert contents(loaded_copy) == contents(loaded.data_dir)


def test_a_month_later_the_warehouse_is_what_the_account_is(
    own_account: Account, loaded_copy: Path
) -> None:
    before = _updated(loaded_copy)
    own_account.advance(30)
    with sandbox(own_account) as (wanted, _):
        report = run(wanted, loaded_copy)
    assert report.total("rows_changed") > 100
    assert differences(loaded_copy, expected(own_account), may_be_more=True) == {}
    after = _updated(loaded_copy)
    assert {key for key in before if after[key] < before[key]} == set()


def _updated(data_dir: Path) -> dict[tuple[Any, ...], Any]:
    """By entity and key."""
    found = {}
    for entity in ENTITIES.values():
        if entity.name not in EMPTY_TABLES:
            columns = ", ".join(("team_id", *entity.root.key, "updated_at"))
            for row in query(data_dir, f"select {columns} from gigstack.{entity.root.name}"):
                *key, updated_at = row.values()
                found[entity.name, *key] = updated_at
    return found


def test_an_account_without_rows_gets_every_table_and_column(
    loaded: Loaded, data_dir: Path
) -> None:
    empty = {path: page([]) for s in RESOURCES.values() for path in s.paths}
    with api(account_script(empty | {f"/teams/{TEAM}/series": page([])})) as (_, url):
        report = run(settings(url), data_dir)
    assert report.status == "ok"
    assert _columns(data_dir) == _columns(loaded.data_dir)
    assert {name for name, rows in contents(data_dir).items() if rows} == {"teams"}


def test_a_selection_without_rows_gets_its_tables_and_columns(
    loaded: Loaded, data_dir: Path
) -> None:
    with api(account_script({"/retentions": page([])})) as (_, url):
        run(settings(url), data_dir, "retentions")
    tables = tables_in(data_dir)
    assert tables == {"retentions", "retention_taxes"}
    declared = [column for column in _columns(loaded.data_dir) if column[0] in tables]
    assert _columns(data_dir) == declared


def _columns(data_dir: Path) -> list[tuple[Any, ...]]:
    rows = query(
        data_dir,
        """
        select table_name, column_name, data_type from information_schema.columns
        where table_schema = 'gigstack' and not starts_with(table_name, '_dlt')
            and not starts_with(column_name, '_dlt')
        order by all
        """,
    )
    return [tuple(row.values()) for row in rows]


AT = 1_772_300_000  # seconds
ITEM = {"id": "service_1", "quantity": 1, "unit_price": "10.50", "taxes": [{"type": "IVA"}]}


def invoice(name: str, **fields: Any) -> dict[str, Any]:
    return {"id": name, "created_at": 1_772_300_000, "status": "valid", "total": 10.5} | fields


def draft(name: str, updated_at: int, **fields: Any) -> dict[str, Any]:
    return {"id": name, "created_at": 1_772_300_000, "updated_at": updated_at} | fields


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Loaded twice, and things changed in between."""
    where = tmp_path_factory.mktemp("changed") / "data"
    invoices = [
        [invoice("emptied", items=[ITEM, ITEM]), invoice("kept", items=[ITEM, ITEM])],
        [invoice("emptied", items=[]), invoice("kept", items=[ITEM, ITEM])],
    ]
    invoices[0].append(invoice("shrunk", items=[ITEM, ITEM], payments=["payment_1"]))
    invoices[1].append(invoice("shrunk", items=[ITEM], payments=["payment_2"]))
    drafts = [
        [
            draft("only content", AT + 2000, total=1),
            draft("back", AT + 3000, total=1),
            draft("on", AT + 2000),
        ],
        [
            draft("only content", AT + 2000, total=2),
            draft("back", AT + 2500, total=2),
            draft("on", AT + 4000),
        ],
    ]
    script = {
        "/invoices/income": [page(records) for records in invoices],
        "/invoices/draft": [page(records) for records in drafts],
    }
    with api(account_script(script)) as (_, url):
        for _ in range(2):
            run(settings(url), where, "invoices_income", "invoice_drafts")
    return where


def test_children_are_replaced_with_their_parent(changed: Path) -> None:
    items = "select invoice_id, count(*) as items from gigstack.{} group by 1 order by 1"
    left = [{"invoice_id": "kept", "items": 2}, {"invoice_id": "shrunk", "items": 1}]
    assert query(changed, items.format("invoice_items")) == left
    assert query(changed, items.format("invoice_item_taxes")) == left
    assert query(changed, "select invoice_id, payment_id from gigstack.invoice_payments") == [
        {"invoice_id": "shrunk", "payment_id": "payment_2"}
    ]


def test_only_what_changed_is_written_again(changed: Path) -> None:
    runs = query(changed, "select run_id, rows_changed from ops.runs order by started_at")
    assert [row["rows_changed"] for row in runs] == [6, 5]
    rows = query(changed, "select invoice_id, run_id from gigstack.invoices order by 1")
    assert [row["run_id"] for row in rows] == [runs[number]["run_id"] for number in (1, 0, 1)]


def test_a_change_without_a_moment_is_observed_and_time_never_goes_back(changed: Path) -> None:
    drafts = query(
        changed,
        """
        select draft_id, updated_at_basis as basis, total::int as total,
            updated_at = (select max(started_at) from ops.runs) as is_of_this_run,
            epoch(updated_at)::int as second
        from gigstack.invoice_drafts order by draft_id
        """,
    )
    assert [tuple(row.values())[:4] for row in drafts] == [
        ("back", "observed", 2, True),
        ("on", "api", None, False),
        ("only content", "observed", 2, True),
    ]
    assert drafts[1]["second"] == AT + 4000


def test_a_stream_that_fails_or_is_forbidden_costs_the_others_nothing(data_dir: Path) -> None:
    script = {
        "/clients": page([{"id": "client_1"}]),
        "/services": (500, AT_ONCE, {"error": "internal_server_error", "message": "Oh"}),
        "/payments": refusal(403, "insufficient_permissions", "Not in your plan"),
        "/receipts": (200, {}, b'{"data":[{"id":"receipt_1","from":"a\xffb"}]}'),
        "/users": (200, {}, {"data": "maintenance"}),
    }
    names = ("clients", "services", "payments", "receipts", "users")
    with api(account_script(script)) as (_, url):
        report = run(settings(url, documents=()), data_dir, *names)
    assert report.status == "partial"
    assert statuses(data_dir) == {
        ("clients", TEAM): "ok",
        ("payments", TEAM): "unavailable",
        ("receipts", TEAM): "failed",
        ("services", TEAM): "failed",
        ("users", TEAM): "failed",
    }
    assert query(data_dir, "select client_id from gigstack.clients") == [{"client_id": "client_1"}]
    errors = query(data_dir, "select error from ops.run_streams where stream = 'services'")
    assert errors == [{"error": "GET /services: 500 internal_server_error Oh"}]
    assert "services" in tables_in(data_dir)


def test_a_forbidden_list_of_teams_costs_the_others_nothing(data_dir: Path) -> None:
    script = {
        "/teams": refusal(403, "insufficient_permissions", "Not in your plan"),
        "/clients": page([{"id": "client_1"}]),
    }
    with api(account_script(script)) as (_, url):
        run(settings(url, documents=()), data_dir, "teams", "clients")
    assert query(data_dir, "select client_id from gigstack.clients") == [{"client_id": "client_1"}]
    assert statuses(data_dir) == {("clients", TEAM): "ok", ("teams", TEAM): "unavailable"}


def test_a_forbidden_team_costs_the_others_nothing_and_is_seen(
    account: Account, data_dir: Path
) -> None:
    own = account.teams[0]
    with sandbox(account, teams=(own, "team_of_others")) as (wanted, _):
        report = run(wanted, data_dir, "services")
    truth = expected(account, [own])
    assert (
        differences(data_dir, {name: truth[name] for name in ("services", "service_taxes")}) == {}
    )
    assert statuses(data_dir) == {
        ("services", own): "ok",
        ("services", "team_of_others"): "unavailable",
    }
    assert report.status in ("warn", "partial")


@pytest.mark.parametrize(
    "fault",
    ["throttle", "server_error", "html_error", "cut", "bad_json", "success_false", "empty_page"],
)
def test_a_fault_leaves_no_trace_in_the_warehouse(
    fault: str, account: Account, loaded: Loaded, data_dir: Path
) -> None:
    with sandbox(account, fault, rate=0.05, page_size=2) as (wanted, controls):
        report = run(wanted, data_dir, *PAGED)
        hits = httpx.get(f"{controls}/stats").json()["faults"][fault]
    assert hits >= 1
    assert report.retries == (0 if fault == "empty_page" else hits)
    tables = tables_in(data_dir)
    assert contents(data_dir, sorted(tables), RUN_COLUMNS) == contents(
        loaded.data_dir, sorted(tables), RUN_COLUMNS
    )
    assert set(statuses(data_dir).values()) == {"ok"}


@pytest.mark.parametrize(
    ("fault", "why"),
    [("stuck_cursor", "the list repeats itself at"), ("missing_cursor", "there is more")],
)
def test_a_list_without_a_proper_end_is_no_complete_sweep(
    fault: str, why: str, account: Account, data_dir: Path
) -> None:
    with sandbox(account, fault, page_size=5, teams=None) as (wanted, _):
        report = run(wanted, data_dir, "services", "cfdi_errors")
    rows = query(
        data_dir, "select status, complete_sweep, error from ops.run_streams order by stream desc"
    )
    assert (rows[0]["status"], rows[0]["complete_sweep"]) == ("failed", False)
    assert why in rows[0]["error"]
    assert (rows[1]["status"], rows[1]["complete_sweep"]) == ("ok", True)
    assert report.status == "partial"
    (kept,) = query(data_dir, "select count(*) as rows from gigstack.services")
    own = [key for key in expected(account)["services"].keys if key[0] == account.teams[0]]
    assert kept["rows"] == (10 if fault == "stuck_cursor" else len(own))


@pytest.fixture(scope="module")
def spoiled(account: Account, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A load with bad records, unknown fields, a forbidden list and missing ones."""
    where = tmp_path_factory.mktemp("spoiled") / "data"
    faults = ("bad_records", "unknown_fields", "forbidden_stream", "missing_stream")
    with sandbox(account, *faults) as (wanted, _):
        report = run(wanted, where, "payments", "retentions", "invoices_transfer", "sat_lists")
    return where, report.status


def test_bad_records_are_rejected_and_counted(spoiled: tuple[Path, str]) -> None:
    where, status = spoiled
    rejects = query(
        where,
        "select distinct reason, field, raw::varchar as raw from ops.rejects "
        "where stream = 'payments' order by raw",
    )
    assert rejects == [
        {"reason": "not an object", "field": None, "raw": '"ghost"'},
        {"reason": "not an object", "field": None, "raw": "42"},
        {"reason": "no key", "field": "payment_id", "raw": rejects[-1]["raw"]},
    ]
    assert "no id" in rejects[-1]["raw"]
    (counted,) = query(
        where,
        "select (select count(*) from ops.rejects) as kept, "
        "(select sum(rejects) from ops.run_streams) as by_stream, "
        "(select rejects from ops.runs) as by_run",
    )
    assert counted["kept"] == counted["by_stream"] == counted["by_run"] > 0
    assert status in ("warn", "partial")


def test_bad_records_and_unknown_fields_cost_the_good_ones_nothing(
    account: Account, spoiled: tuple[Path, str]
) -> None:
    truth = expected(account)
    payments = {name: table for name, table in truth.items() if name.startswith("payment")}
    assert differences(spoiled[0], payments) == {}


def test_unknown_fields_are_drift_and_kept(tmp_path: Path) -> None:
    """One record in a hundred has an unknown field, so the account is a busy one."""
    data_dir = tmp_path / "data"
    busy = create_account(tmp_path / "account.sqlite", clients=30, months=3, invoices=2500)
    with busy, sandbox(busy, "unknown_fields") as (wanted, _):
        assert run(wanted, data_dir, "payments").status == "warn"
    (drift,) = query(
        data_dir,
        "select path, kind, occurrences from ops.drift "
        "where stream = 'payments' and path = 'beta_score'",
    )
    assert drift["kind"] == "unknown_field"
    (kept,) = query(
        data_dir,
        "select count(*) as rows from gigstack.payments "
        """where extra::varchar = '{"beta_score":12.5}'""",
    )
    assert 0 < kept["rows"] <= drift["occurrences"]


def test_what_the_account_lacks_is_unavailable(account: Account, spoiled: tuple[Path, str]) -> None:
    found = statuses(spoiled[0])
    lacking = {key for key, status in found.items() if status == "unavailable"}
    own, last = account.teams[0], account.teams[-1]
    assert lacking == {
        ("retentions", last),
        ("sat_lists", own),
        *(("invoices_transfer", team) for team in account.teams),
    }
    assert found["retentions", own] == "ok"
    assert {"invoices", "sat_lists"} <= tables_in(spoiled[0])


def test_documents_of_invoices_and_payments_come_when_configured(
    account: Account, data_dir: Path
) -> None:
    kinds = ("clients", "invoices", "payments")
    with sandbox(account, documents=kinds) as (wanted, _):
        run(wanted, data_dir, "support_documents")
    truth = expected(account, document_parents=kinds)
    documents = {name: table for name, table in truth.items() if name.startswith("support_")}
    assert documents["support_document_parents"].rows > 20
    assert differences(data_dir, documents) == {}


def test_the_budget_of_documents_postpones_and_the_next_run_goes_on(
    account: Account, data_dir: Path
) -> None:
    asked = []
    with sandbox(account, documents_request_budget=7) as (wanted, controls):
        for _ in range(2):
            httpx.post(f"{controls}/reset-stats")
            report = run(wanted, data_dir, "support_documents")
            stats = httpx.get(f"{controls}/stats").json()
            asked.append(stats["requests"]["/clients/{id}/support-documents"])
            assert report.status == "warn"
    assert asked == [7, 7]
    (postponed,) = query(
        data_dir,
        "select sum(postponed) as parents, bool_or(complete_sweep) as is_complete "
        "from ops.run_streams where stream = 'client_support_documents' and run_id = "
        "(select run_id from ops.runs order by started_at limit 1) and postponed > 0",
    )
    parents = expected(account)["clients"].rows
    assert postponed == {"parents": parents - 7, "is_complete": False}
    (checked,) = query(data_dir, "select count(*) as parents from ops.document_checks")
    assert checked == {"parents": parents}, "those that waited come first in the next run"
    documents = {"support_documents": expected(account)["support_documents"]}
    assert differences(data_dir, documents) == {}


def test_a_second_load_at_the_same_time_is_refused(data_dir: Path) -> None:
    is_asked, may_answer = threading.Event(), threading.Event()

    def held(_: Any) -> Scripted:
        is_asked.set()
        may_answer.wait(20)
        return page([{"id": "client_1"}])

    with api(account_script({"/clients": held})) as (_, url):
        wanted = settings(url, documents=(), timeout_seconds=30)
        first = threading.Thread(target=run, args=(wanted, data_dir, "clients"))
        first.start()
        try:
            assert is_asked.wait(20)
            with pytest.raises(WarehouseError, match="Another load is running on /"):
                run(wanted, data_dir, "clients")
        finally:
            may_answer.set()
            first.join(30)
    assert query(data_dir, "select count(*) as rows from gigstack.clients") == [{"rows": 1}]
    assert query(data_dir, "select status from ops.runs") == [{"status": "ok"}]


def test_a_warehouse_that_another_process_holds_is_a_clear_error(data_dir: Path) -> None:
    data_dir.mkdir()
    code = (
        "import duckdb, sys; held = duckdb.connect(sys.argv[1]); "
        "print('open', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(data_dir / "warehouse.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder, api(account_script({})) as (script, url):
        assert holder.stdout
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(WarehouseError) as raised:
            run(settings(url), data_dir, "clients")
        holder.communicate("", timeout=10)
    assert "warehouse.duckdb is held open by another process" in str(raised.value)
    assert str(holder.pid) in str(raised.value)
    assert script.asked == []


def test_a_wrong_key_is_an_authentication_error_and_a_failed_run(
    base_url: str, data_dir: Path
) -> None:
    with pytest.raises(AuthenticationError, match="401 unauthorized"):
        run(settings(base_url, api_key=key()), data_dir, "clients")
    found = last_run(data_dir)
    assert found["status"] == "failed"
    assert "401 unauthorized" in found["message"]
    assert found["rows_seen"] == 0
