"""`load --replay`: the pages of an old run once more, after a correction and without a request."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.foundation.paths import NORMALIZE_SQL, response_logs_dir
from pipelines.gigstack.endpoints import ENTITIES
from pipelines.load.replay import replay
from pipelines.load.run import LoadOptions
from pipelines.warehouse.connection import connect
from pipelines.warehouse.run_log import LoadResult
from tests.pipelines.commands import cli
from tests.pipelines.conftest import Loaded
from tests.pipelines.loads import contents, query, repeated_keys, run, watermarks
from tests.pipelines.scripted import TEAM, account_script, api, page, settings

RUN_COLUMNS = "run_id|loaded_at|_dlt_id|_dlt_load_id"
EVERY_DELETION = LoadOptions(allow_mass_delete=True)


def replayed(data_dir: Path, run_id: str) -> LoadResult:
    return replay(data_dir, run_id, lambda _: None)


def change(data_dir: Path, sql: str) -> None:
    with connect(data_dir) as connection:
        connection.execute(sql)


def rows(data_dir: Path, table: str, *columns: str) -> list[tuple[Any, ...]]:
    found = query(data_dir, f"select {', '.join(columns)} from gigstack.{table} order by all")
    return [tuple(row.values()) for row in found]


def test_with_the_same_program_only_the_run_of_the_rows_is_another(
    loaded: Loaded, loaded_copy: Path
) -> None:
    done = cli(
        loaded_copy.parent, "load", "--replay", loaded.report.run_id, "--data-dir", str(loaded_copy)
    )
    assert done.returncode == 0, "without a key, and so without a request: " + done.stderr
    assert contents(loaded_copy, leave_out=RUN_COLUMNS) == contents(
        loaded.data_dir, leave_out=RUN_COLUMNS
    )
    assert repeated_keys(loaded_copy) == []
    (last,) = query(loaded_copy, "select * from ops.runs order by started_at desc limit 1")
    assert (last["mode"], last["status"], last["requests"]) == ("replay", "ok", 0)
    assert last["rows_seen"] == last["rows_changed"] == loaded.report.total("rows_seen")
    for root in (entity.root.name for entity in ENTITIES.values()):
        runs = query(loaded_copy, f"select distinct run_id, loaded_at from gigstack.{root}")
        wanted = {"run_id": last["run_id"], "loaded_at": last["started_at"]}
        assert runs in ([wanted], []), root
    assert watermarks(loaded_copy) == watermarks(loaded.data_dir)


ITEM = {"id": "service_1", "quantity": 1, "unit_price": "10.50", "taxes": [{"type": "IVA"}]}


def draft(name: str, total: int, items: int = 1) -> dict[str, Any]:
    return {"id": name, "created_at": 1_772_300_000, "total": total, "items": [ITEM] * items}


@pytest.fixture
def two_nights(data_dir: Path) -> tuple[LoadResult, LoadResult]:
    """Drafts that were loaded twice, and what happened to them between."""
    nights = [
        [draft("changed", 1, items=3), draft("gone", 1), draft("same", 1, items=2)],
        [draft("changed", 2, items=2), draft("new", 2), draft("same", 1, items=2)],
    ]
    script = account_script({"/invoices/draft": [page(night) for night in nights]})
    with api(script) as (_, url):
        first, second = (
            run(settings(url), data_dir, "invoice_drafts", options=EVERY_DELETION) for _ in nights
        )
    return first, second


def test_rows_that_a_later_run_loaded_or_deleted_stay(
    two_nights: tuple[LoadResult, LoadResult], data_dir: Path
) -> None:
    first, second = two_nights
    before = contents(data_dir, leave_out=RUN_COLUMNS)
    report = replayed(data_dir, first.run_id)
    assert report.status == "ok"
    assert contents(data_dir, leave_out=RUN_COLUMNS) == before
    assert rows(data_dir, "invoice_drafts", "draft_id", "run_id", "deleted_at is not null") == [
        ("changed", second.run_id, False),
        ("gone", second.run_id, True),
        ("new", second.run_id, False),
        ("same", report.run_id, False),
    ]


def test_the_later_run_can_be_replayed_after_the_earlier(
    two_nights: tuple[LoadResult, LoadResult], data_dir: Path
) -> None:
    before = contents(data_dir, leave_out=RUN_COLUMNS)
    replayed(data_dir, two_nights[0].run_id)
    change(data_dir, "update gigstack.invoice_drafts set total = 99")
    last = replayed(data_dir, two_nights[1].run_id)
    written = rows(data_dir, "invoice_drafts", "draft_id", "total::int", "run_id")
    assert [row for row in written if row[0] != "gone"] == [
        ("changed", 2, last.run_id),
        ("new", 2, last.run_id),
        ("same", 1, last.run_id),
    ]
    change(data_dir, "update gigstack.invoice_drafts set total = 1 where draft_id = 'gone'")
    assert contents(data_dir, leave_out=RUN_COLUMNS) == before


def test_what_was_wrong_in_the_warehouse_is_put_right_as_often_as_it_takes(
    two_nights: tuple[LoadResult, LoadResult], data_dir: Path
) -> None:
    before = contents(data_dir, leave_out=RUN_COLUMNS)
    for _ in range(2):
        change(
            data_dir,
            "update gigstack.invoice_drafts set total = 99, status = 'wrong' "
            "where draft_id <> 'gone';"
            "delete from gigstack.invoice_draft_items where draft_id = 'same';"
            "update gigstack.invoice_draft_item_taxes set type = 'ISR' where draft_id <> 'gone';",
        )
        assert contents(data_dir, leave_out=RUN_COLUMNS) != before
        replayed(data_dir, two_nights[1].run_id)
        assert contents(data_dir, leave_out=RUN_COLUMNS) == before


def test_a_correction_of_the_normalization_reaches_what_was_loaded(
    two_nights: tuple[LoadResult, LoadResult],
    data_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(NORMALIZE_SQL, tmp_path / "normalize")
    path = tmp_path / "normalize/invoice_drafts.sql"
    text = path.read_text(encoding="utf-8")
    corrected = text.replace("o.total as total", "o.total * 100 as total")
    assert corrected != text
    path.write_text(corrected, encoding="utf-8")
    monkeypatch.setattr(
        "pipelines.gigstack.normalize.normalizer.NORMALIZE_SQL", tmp_path / "normalize"
    )
    times = rows(data_dir, "invoice_drafts", "draft_id", "updated_at", "updated_at_basis")
    replayed(data_dir, two_nights[1].run_id)
    assert rows(data_dir, "invoice_drafts", "draft_id", "total::int") == [
        ("changed", 200),
        ("gone", 1),
        ("new", 200),
        ("same", 100),
    ]
    assert times == rows(data_dir, "invoice_drafts", "draft_id", "updated_at", "updated_at_basis")


def test_documents_that_left_a_parent_later_do_not_come_back(data_dir: Path) -> None:
    documents = [{"id": "document_1"}], [{"id": "document_2"}]
    script: dict[str, Any] = {
        "/clients": page([{"id": "client_1"}, {"id": "client_2"}]),
        "/clients/client_1/support-documents": [page(documents[0]), page([])],
        "/clients/client_2/support-documents": [page([]), page(documents[0])],
    }
    with api(account_script(script)) as (_, url):
        first, _ = (run(settings(url), data_dir, "support_documents") for _ in range(2))
    columns = "document_id", "parent_id"
    assert rows(data_dir, "support_document_parents", *columns) == [("document_1", "client_2")]
    replayed(data_dir, first.run_id)
    assert rows(data_dir, "support_document_parents", *columns) == [("document_1", "client_2")]


def test_documents_come_back_under_their_parents(data_dir: Path) -> None:
    script = {
        "/clients": page([{"id": "client_1"}]),
        "/clients/client_1/support-documents": page(
            [{"id": "document_1", "created_at": 1_772_300_000}]
        ),
    }
    with api(account_script(script)) as (_, url):
        loaded = run(settings(url), data_dir, "support_documents")
    before = contents(data_dir, leave_out=RUN_COLUMNS)
    change(data_dir, "delete from gigstack.support_document_parents")
    change(data_dir, "delete from gigstack.support_documents")
    replayed(data_dir, loaded.run_id)
    assert contents(data_dir, leave_out=RUN_COLUMNS) == before


def test_an_unknown_run_is_told_with_those_that_are_there(loaded: Loaded) -> None:
    where = loaded.data_dir.parent
    done = cli(where, "load", "--replay", "20200101T000000Z-nobody")
    assert done.returncode == 2
    assert "'20200101T000000Z-nobody'" in done.stderr
    assert loaded.report.run_id in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_replayed_is_that_runs_own(
    two_nights: tuple[LoadResult, LoadResult], data_dir: Path
) -> None:
    kept = {path.stem for path in (response_logs_dir(data_dir)).iterdir()}
    assert kept == {night.run_id for night in two_nights}
    report = replayed(data_dir, two_nights[1].run_id)
    assert report.teams == (TEAM,)
    assert {path.stem for path in (response_logs_dir(data_dir)).iterdir()} == kept
    resources = "select stream, team_id, rows_seen, requests from ops.run_streams where run_id = "
    assert query(data_dir, f"{resources}'{report.run_id}'") == [
        {"stream": "invoice_drafts", "team_id": TEAM, "rows_seen": 3, "requests": 0}
    ]


@pytest.mark.parametrize(
    "options",
    [
        ("--replay", "run", "--retry-rejects"),
        ("--replay", "run", "--dry-run"),
        ("--retry-rejects", "--dry-run"),
        ("--replay", "run", "--since", "2026-01-01"),
        ("--retry-rejects", "--since", "2026-01-01"),
        ("--replay", "run", "--mode", "full"),
        ("--retry-rejects", "--allow-mass-delete"),
        ("--replay", "run", "--resource", "clients"),
        ("--retry-rejects", "--team", "all"),
        ("--mode", "full", "--since", "2026-01-01"),
    ],
    ids=" ".join,
)
def test_options_that_mean_different_loads_exclude_one_another(
    options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["load", *options])
    assert done.exit_code == 2
    assert "exclude one another" in done.output
    assert list(tmp_path.iterdir()) == []
