"""Nothing of one record or team keeps the others from their numbers: what data tests find is kept
and told, and a model that cannot be built stays as it was.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import warehouse
from pipelines.foundation.errors import TransformError
from pipelines.foundation.paths import SQL
from pipelines.gigstack.endpoints import ENTITIES
from pipelines.publish.publication import publish
from pipelines.transform import findings
from pipelines.transform.build import Transformation, transform
from pipelines.transform.dbt_runner import NodeResult, _reason_without_values
from pipelines.transform.model_builds import note_builds
from pipelines.warehouse.migrations import migrate
from pipelines.warehouse.model_builds import older_tables
from tests.pipelines.commands import cli
from tests.pipelines.loads import query
from tests.transform.conftest import SETTINGS, Built

AUDITS = "stg_support_document_audits"


def at(day: int) -> datetime:
    return datetime(2026, 1, day, 12, tzinfo=UTC)


def execute(data_dir: Path, *statements: str) -> None:
    with warehouse.connect(data_dir) as connection:
        for statement in statements:
            connection.execute(statement)


def fails(view: str, column: str) -> tuple[str, str]:
    """What makes a view fail for what is in it, as soon as this column is read."""
    return (
        f"alter view staging.{view} rename to {view}_as_built",
        f"create view staging.{view} as select * replace (error({column})::varchar as {column}) "
        f"from staging.{view}_as_built",
    )


# --- a night in which much is wrong, and the next one --------------------------------------------


@pytest.fixture(scope="module")
def troubled(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A payment is there twice, other payments have a code that no list has, and no model can read
    the audits.
    """
    where = tmp_path_factory.mktemp("troubled")
    shutil.copytree(built.data_dir, where / "data")
    execute(
        where / "data",
        "insert into gigstack.payments select * from gigstack.payments "
        "where payment_id = (select min(payment_id) from gigstack.payments)",
        "update gigstack.payments set payment_form = '77' where total > 1000",
        *fails(AUDITS, "result"),
    )
    yield where / "data"


@pytest.fixture(scope="module")
def first_night(troubled: Path) -> dict[str, Any]:
    done = cli(troubled.parent, "transform", "--json")
    assert done.returncode == 3, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_is_found_is_told_with_its_table_rule_and_value(first_night: dict[str, Any]) -> None:
    told = [w for w in first_night["warnings"] if w.startswith("fct_payment known_codes: ")]
    assert len(told) == 1
    assert told[0].startswith("fct_payment known_codes: payment_form_code 77 in ")
    assert any(w.startswith("fct_payment grain: payment_key ") for w in first_night["warnings"])


@pytest.mark.usefixtures("first_night")
def test_every_finding_is_kept_with_team_key_rows_and_since_when(troubled: Path) -> None:
    kept = query(troubled, "select * from ops.findings where table_name = 'fct_payment'")
    (twice,) = [row for row in kept if row["rule"] == "grain"]
    (payment,) = query(
        troubled,
        "select payment_key, team_id from core.fct_payment group by all having count(*) > 1",
    )
    assert json.loads(twice["key"]) == {"payment_key": payment["payment_key"]}
    assert (twice["team_id"], twice["rows_found"]) == (payment["team_id"], 2)
    assert twice["first_seen_at"] == twice["last_seen_at"]
    codes = {row["team_id"]: row["rows_found"] for row in kept if row["rule"] == "known_codes"}
    expected = query(
        troubled,
        "select team_id, count(*) as n from core.fct_payment "
        "where payment_form_code = '77' group by all",
    )
    assert codes == {row["team_id"]: row["n"] for row in expected}


@pytest.mark.usefixtures("first_night")
def test_the_mart_on_quality_says_whose_data_have_findings(troubled: Path) -> None:
    told = query(troubled, "select distinct team_id, has_findings from marts.mart_data_quality")
    found = query(troubled, "select distinct team_id from ops.findings where team_id is not null")
    teams = {row["team_id"] for row in found}
    assert {row["team_id"]: row["has_findings"] for row in told} == {
        row["team_id"]: row["team_id"] in teams for row in told
    }
    assert teams


def test_a_model_that_cannot_be_built_keeps_its_last_good_table(
    first_night: dict[str, Any], built: Built, troubled: Path
) -> None:
    older = {table["name"]: table["error"] for table in first_night["older"]}
    assert {"core.fct_document_audit", "marts.mart_document_audits"} <= older.keys()
    for table in ("core.fct_document_audit", "marts.mart_document_audits"):
        assert query(troubled, f"from {table} order by all") == query(
            built.data_dir, f"from {table} order by all"
        )
    assert older["marts.mart_document_audits"] == "fct_document_audit failed before it"
    assert "Invalid Input Error" in older["core.fct_document_audit"]


@pytest.mark.usefixtures("first_night")
def test_the_other_models_are_built(troubled: Path) -> None:
    built_now = query(
        troubled,
        "select model_name from ops.model_builds "
        "where built_at = (select max(started_at) from ops.transforms)",
    )
    assert {"fct_payment", "fct_cfdi", "mart_revenue_monthly", "mart_iva_monthly"} <= {
        row["model_name"] for row in built_now
    }


def test_a_publication_says_which_tables_are_older(
    first_night: dict[str, Any], troubled: Path
) -> None:
    done = cli(troubled.parent, "publish")
    assert done.returncode == 3, done.stderr
    assert "older than the rest: core.fct_document_audit is of " in done.stdout
    manifest = json.loads((troubled / "published" / "current" / "manifest.json").read_bytes())
    named = {table["name"]: table for table in manifest["older_tables"]}
    assert named.keys() == {table["name"] for table in first_night["older"]}
    assert named["core.fct_document_audit"]["built_at"]


@pytest.mark.usefixtures("first_night")
def test_what_is_mended_is_gone_and_what_stays_keeps_its_first_day(troubled: Path) -> None:
    before = query(troubled, "select * from ops.findings where rule = 'known_codes'")
    execute(
        troubled,
        f"drop view staging.{AUDITS}",
        f"alter view staging.{AUDITS}_as_built rename to {AUDITS}",
        "delete from gigstack.payments where rowid = (select max(rowid) from gigstack.payments)",
    )
    done = transform(troubled, settings=SETTINGS)
    assert done.older == []
    assert query(troubled, "from ops.findings where rule = 'grain'") == []
    after = query(troubled, "select * from ops.findings where rule = 'known_codes'")
    assert [row["first_seen_at"] for row in after] == [row["first_seen_at"] for row in before]
    assert min(row["last_seen_at"] for row in after) > max(row["last_seen_at"] for row in before)
    assert publish(troubled).older == []


# --- other kinds of failure ----------------------------------------------------------------------


@pytest.fixture
def copied(built: Built, tmp_path: Path) -> Path:
    shutil.copytree(built.data_dir, tmp_path / "data")
    return tmp_path / "data"


def test_a_fault_of_the_project_itself_is_loud(copied: Path) -> None:
    execute(
        copied,
        "alter view staging.stg_services rename to stg_services_as_built",
        "create view staging.stg_services as select team_id from staging.stg_services_as_built",
    )
    with pytest.raises(TransformError, match="Binder Error"):
        transform(copied, settings=SETTINGS)


def test_where_nothing_can_be_built_the_build_failed(copied: Path) -> None:
    execute(copied, *fails("stg_services", "sku"))
    with pytest.raises(TransformError, match="dim_service"):
        transform(copied, settings=SETTINGS, select=["dim_service"])


# --- values that nobody would write --------------------------------------------------------------

EXTREMES = {  # by the beginning of a column's type
    "DECIMAL": ("999999999999.999999", "-999999999999.999999", "0.000001", "0", "null"),
    "BIGINT": ("9223372036854775807", "-9223372036854775808", "0", "null"),
    "TIMESTAMP": ("'2010-01-01 00:00:00+00'", "'2031-12-31 23:59:59+00'", "null"),
    "BOOLEAN": ("true", "false", "null"),
    "VARCHAR": ("'ñ''\"💥'", "'XYZ'", "''", "null"),
    "JSON": ("'{}'", "'[]'", "'\"x\"'", """'{"payment_terms_days": 2147483647}'""", "null"),
}
OF_THE_RUN = {"loaded_at", "run_id", "row_hash", "extra", "deleted_at", "updated_at_basis"}


def distort(data_dir: Path, team: str) -> None:
    """Give every column of every table each of its extremes, in some row of one team."""
    with warehouse.connect(data_dir) as connection:
        columns = connection.execute(
            "select table_name, column_name, data_type from duckdb_columns() "
            "where database_name = 'warehouse' and schema_name = 'gigstack' order by all"
        ).fetchall()
        keys = {
            table.name: {"team_id", "livemode", "document_kind", *table.key, *entity.root.key}
            for entity in ENTITIES.values()
            for table in entity.tables
        }
        for table, column, kind in columns:
            values = next((v for k, v in EXTREMES.items() if kind.startswith(k)), ())
            if table in keys and column not in keys[table] | OF_THE_RUN:
                for number, value in enumerate(values):
                    connection.execute(
                        f'update gigstack.{table} set "{column}" = {value} where rowid = ('
                        f"select rowid from gigstack.{table} where team_id = $team "
                        f"order by md5('{column}{number}' || rowid) limit 1)",
                        {"team": team},
                    )
        connection.execute(
            "update gigstack.invoices set loaded_at = now() where team_id = $1", [team]
        )


TOLD = ("core.fct_cfdi", "core.fct_invoice_balance", "marts.mart_iva_monthly", "marts.mart_alerts")


def test_no_value_of_one_team_keeps_the_others_from_their_numbers(
    copied: Path, built: Built
) -> None:
    first, *others = [
        row["team_id"] for row in query(copied, "from core.dim_team order by team_id")
    ]
    distort(copied, first)
    done = transform(copied, as_of=built.as_of, settings=SETTINGS)
    assert done.older == []
    assert done.warnings
    for table in TOLD:
        of_others = f"from {table} where team_id <> '{first}' order by all"
        assert query(copied, of_others) == query(built.data_dir, of_others)
        assert query(copied, of_others)
    assert others


# --- what is kept of a test ----------------------------------------------------------------------


@pytest.fixture
def ledger() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        migrate(connection)
        yield connection


def found_by(query: str, name: str = "sound_rows", status: str = "warn") -> NodeResult:
    return NodeResult("test.x", "test", name, "core", "fct_x", status, "", 0.1, query, ())


ROWS = (
    "select 'not_null' as rule, 'name' as column_name, 'team_' || i % 2 as team_id, "
    "i::varchar as key, 1 as rows_found from range({}) as rows(i)"
)


def test_of_many_rows_the_first_of_a_team_are_kept_and_the_others_counted(
    ledger: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "MAX_KEPT", 3)
    findings.keep_findings(ledger, [found_by(ROWS.format(11))], at(1))
    kept = ledger.execute(
        "select team_id, count(key), sum(rows_found) from ops.findings group by all order by all"
    ).fetchall()
    assert kept == [("team_0", 3, 6), ("team_1", 3, 5)]


def test_other_tests_tell_where_by_what_is_no_number(ledger: duckdb.DuckDBPyConnection) -> None:
    rule = "sums_agree"
    query = (
        "select 'team_1' as team_id, 'MXN' as currency, 1.50::decimal(18, 2) as a, 2 as b, "
        "null as team_id, date '2026-01-31' as day, null::date as day"
    )
    findings.keep_findings(ledger, [found_by(query, rule)], at(1))
    (row,) = ledger.execute("select rule, team_id, key, rows_found from ops.findings").fetchall()
    assert row == (rule, "team_1", '{"currency":"MXN","day":"2026-01-31"}', 1)
    assert findings.tell_findings(ledger) == [
        'fct_x sums_agree: {"currency":"MXN","day":"2026-01-31"} in 1 row of team_1, '
        "since 2026-01-01"
    ]


def test_a_test_that_the_data_keep_from_being_computed_is_a_finding(
    ledger: duckdb.DuckDBPyConnection,
) -> None:
    failed = NodeResult("t", "test", "sums", "core", "fct_x", "error", "Overflow", 0.1, "", ())
    findings.keep_findings(ledger, [failed], at(1))
    assert findings.tell_findings(ledger) == [
        "fct_x could not be computed: Overflow in 1 row, since 2026-01-01"
    ]
    findings.keep_findings(ledger, [found_by("", "sums", "pass")], at(2))
    assert findings.tell_findings(ledger) == []


def test_a_model_that_is_no_more_is_not_older_for_ever(ledger: duckdb.DuckDBPyConnection) -> None:
    gone = NodeResult("m", "model", "gone", "core", "gone", "error", "Overflow", 0.1, "", ())
    kept = NodeResult("k", "model", "kept", "core", "kept", "success", "", 0.1, "", ())
    note_builds(ledger, [gone], at(1), is_everything=True)
    note_builds(ledger, [kept], at(2), is_everything=False)
    assert [table.name for table in older_tables(ledger, "memory")] == ["core.gone"]
    note_builds(ledger, [kept], at(3), is_everything=True)
    assert older_tables(ledger, "memory") == []


def test_a_test_that_is_no_more_leaves_no_finding(ledger: duckdb.DuckDBPyConnection) -> None:
    skipped = found_by(ROWS.format(2), "skipped")
    findings.keep_findings(ledger, [found_by(ROWS.format(2)), skipped], at(1))
    later = [found_by("", "other", "pass"), replace(skipped, status="skipped")]
    findings.keep_findings(ledger, later, at(2), is_everything=True)
    kept = ledger.execute("select distinct test from ops.findings").fetchall()
    assert kept == [("skipped",)]


def test_a_test_whose_rows_cannot_be_read_is_a_finding(ledger: duckdb.DuckDBPyConnection) -> None:
    broken = ROWS.format(2).replace("'name'", "'x'::integer::varchar")
    findings.keep_findings(ledger, [found_by(broken)], at(1))
    assert findings.tell_findings(ledger) == [
        "fct_x could not be computed: ConversionException in 1 row, since 2026-01-01"
    ]


CAST = "Conversion Error: Type INT64 with value 5 can't be cast: it is out of range"
REASONS = {
    "Runtime Error in model x (m/x.sql)\n  Conversion Error: Could not convert string 'O'Brien\n"
    " 555-1234' to INT32\n\nLINE 5: 'abc'": "Conversion Error: Could not convert string …",
    f"Runtime Error in model x\n  {CAST}": CAST,
    'Runtime Error in model x\n  Binder Error: Referenced column "a" not found': (
        'Binder Error: Referenced column "a" not found'
    ),
    "Compilation Error in model x (m/x.sql)\n  'nope' is undefined\n  > called by model x": (
        "Compilation Error: 'nope' is undefined"
    ),
    "": "it says nothing",
}


@pytest.mark.parametrize("message", REASONS, ids=range(len(REASONS)))
def test_a_reason_quotes_names_of_the_project_and_no_value(message: str) -> None:
    assert _reason_without_values(message) == REASONS[message]


def test_what_was_not_tested_stays(ledger: duckdb.DuckDBPyConnection) -> None:
    findings.keep_findings(ledger, [found_by(ROWS.format(2))], at(1))
    findings.keep_findings(ledger, [found_by("", "sums_agree", "pass")], at(2))
    assert len(ledger.execute("from ops.findings").fetchall()) == 2
    findings.keep_findings(ledger, [found_by("", status="pass")], at(3))
    assert ledger.execute("from ops.findings").fetchall() == []


def test_every_test_of_sums_says_the_team(built: Built) -> None:
    """By which a finding is told apart from those of other teams."""
    compiled = built.data_dir / "dbt" / "target" / "compiled" / "gigstack" / "tests"
    with warehouse.connect(built.data_dir, read_only=True) as connection:
        columns = {
            test.stem: [
                name for name, *_ in connection.execute(f"describe {test.read_text()}").fetchall()
            ]
            for test in compiled.glob("*.sql")
        }
    assert len(columns) == len(list((SQL / "tests").glob("*.sql")))
    assert [name for name, found in columns.items() if "team_id" not in found] == []


def test_nothing_is_found_in_the_shared_account(built: Built) -> None:
    done: Transformation = built.done
    assert (done.warnings, done.older) == ([], [])
