"""The star, of an account of two teams. Figures are worked out from the normalized tables."""

from decimal import Decimal

from tests.pipelines.loads import query
from tests.transform.conftest import Built

SCHEMAS = "('staging', 'core', 'marts', 'reportes')"
FOR_BI = ("VARCHAR", "BOOLEAN", "INTEGER", "BIGINT", "DATE", "TIMESTAMP")


def test_everything_is_built_and_nothing_warns(built: Built) -> None:
    assert built.done.warnings == []
    assert built.done.models > 80
    assert built.done.tests > 60


def test_there_are_five_schemas_beside_those_of_the_loader(built: Built) -> None:
    found = query(
        built.data_dir,
        "select distinct schema_name from duckdb_schemas() "
        "where database_name = 'warehouse' and not internal order by all",
    )
    assert {row["schema_name"] for row in found} - {"main", "gigstack", "gigstack_staging"} <= {
        *("ops", "seeds", "staging", "core", "marts", "reportes")
    }


def test_no_column_is_a_float(built: Built) -> None:
    assert not query(
        built.data_dir,
        "select schema_name, table_name, column_name from duckdb_columns() "
        f"where schema_name in {SCHEMAS} and data_type in ('FLOAT', 'DOUBLE')",
    )


def test_bi_tools_know_the_type_of_every_column(built: Built) -> None:
    found = query(
        built.data_dir,
        "select distinct data_type from duckdb_columns() "
        "where schema_name in ('core', 'marts', 'reportes')",
    )
    names = {row["data_type"] for row in found}
    assert {name for name in names if not name.startswith(("DECIMAL(18,", *FOR_BI))} == set()


def test_every_table_and_column_for_bi_is_described(built: Built) -> None:
    for kind in ("table", "view"):
        assert not query(
            built.data_dir,
            f"select {kind}_name from duckdb_{kind}s() "
            "where schema_name in ('core', 'marts', 'reportes') and comment is null",
        )
    assert not query(
        built.data_dir,
        "select table_name, column_name from duckdb_columns() "
        "where schema_name in ('core', 'marts') and comment is null",
    )


def test_every_cfdi_of_both_teams_is_there_once(built: Built) -> None:
    counts = "select team_id, count(*) as rows from {} group by team_id order by team_id"
    found = query(built.data_dir, counts.format("core.fct_cfdi"))
    assert found == query(built.data_dir, counts.format("gigstack.invoices"))
    assert len(found) == 2


def test_rows_of_the_invoice_lists_are_those_of_their_kind(built: Built) -> None:
    kinds = {
        "invoices_income": "income",
        "invoices_egress": "egress",
        "invoices_payment": "payment_complement",
        "invoices_transfer": "transfer",
    }
    held = query(
        built.data_dir, "select stream, count(*) as n from staging.stg_list_rows group by 1"
    )
    invoices = query(
        built.data_dir, "select document_kind, count(*) as n from gigstack.invoices group by 1"
    )
    by_stream = {row["stream"]: row["n"] for row in held}
    by_kind = {row["document_kind"]: row["n"] for row in invoices}
    assert {name: by_stream.get(name) for name in kinds} == {
        name: by_kind.get(kind) for name, kind in kinds.items()
    }


def test_the_api_tells_what_complements_and_notes_leave(built: Built) -> None:
    """The sandbox keeps balances as complements come in; ours are also less the money that has
    none yet, and more what was given back. Left out: what happened after the as-of day.
    """
    found = query(
        built.data_dir,
        "with later as (select links.team_id, links.invoice_id from gigstack.invoice_links as links"
        " inner join staging.stg_invoices as others on links.team_id = others.team_id "
        "and links.linked_invoice_id = others.invoice_id inner join core.dim_team as teams "
        "on links.team_id = teams.team_id where greatest(others.created_date, "
        "others.cancelled_date) > teams.as_of_date), "
        "complements as (select cfdi_key, sum(paid_amount) as amount from core.fct_rep_document "
        "where is_effective group by cfdi_key) "
        "select count(*) as invoices, count(*) filter (where is_open) as open_ones, "
        "count(distinct team_id) as teams, sum(abs(api_last_balance - total "
        "+ coalesce(complements.amount, 0) + credit_notes_allocated)) as difference "
        "from core.fct_invoice_balance as balances left join complements "
        "on balances.cfdi_key = complements.cfdi_key anti join later "
        "on balances.team_id = later.team_id and balances.cfdi_id = later.invoice_id "
        "where is_receivable and api_last_balance > 0 or is_receivable and not is_open",
    )[0]
    assert found["invoices"] > 50
    assert found["open_ones"] > 10
    assert found["teams"] == 2
    assert found["difference"] == 0


def test_revenue_counts_credit_notes_as_negative_and_complements_not_at_all(built: Built) -> None:
    found = query(
        built.data_dir,
        "select cfdi_type_code, sign(sum(signed_net_amount_mxn)) as sign, "
        "min(total) >= 0 as is_positive from core.fct_cfdi where is_valid group by all",
    )
    assert {row["cfdi_type_code"]: row["sign"] for row in found} == {
        "I": 1,
        "E": -1,
        "P": 0,
        "T": 0,
    }
    assert all(row["is_positive"] for row in found)


def test_pesos_are_the_amount_times_the_documents_rate(built: Built) -> None:
    rows = query(
        built.data_dir,
        "select total, exchange_rate, total_mxn from core.fct_cfdi where currency_code <> 'MXN'",
    )
    assert len(rows) > 5
    for row in rows:
        exact = row["total"] * row["exchange_rate"]
        assert abs(exact - row["total_mxn"]) <= Decimal("0.005")


def test_no_key_is_made_of_an_rfc(built: Built) -> None:
    """Clients that share a generic RFC stay apart."""
    shared = query(
        built.data_dir,
        "select rfc, count(*) as clients, count(distinct client_key) as keys "
        "from core.dim_client where is_generic_rfc group by rfc",
    )
    assert shared
    assert all(row["clients"] == row["keys"] for row in shared)


def test_days_have_the_codes_of_sat(built: Built) -> None:
    columns = "date_key::varchar as day, sat_month_code, sat_bimester_code, is_working_day"
    found = query(
        built.data_dir,
        f"select {columns}, rep_due_date_for_month::varchar as due from core.dim_date "
        "where date_key in ('2026-09-16', '2026-12-31') order by date_key",
    )
    assert [tuple(row.values()) for row in found] == [
        ("2026-09-16", "09", "17", False, "2026-10-05"),
        ("2026-12-31", "12", "18", True, "2027-01-05"),
    ]


def test_days_have_no_gap_and_years_are_whole(built: Built) -> None:
    found = query(
        built.data_dir,
        "select max(date_key) - min(date_key) + 1 = count(*) as is_whole, "
        "strftime(min(date_key), '%m-%d') as first, strftime(max(date_key), '%m-%d') as last "
        "from core.dim_date",
    )
    assert found == [{"is_whole": True, "first": "01-01", "last": "12-31"}]


def test_currencies_have_the_decimals_that_their_list_says(built: Built) -> None:
    found = query(built.data_dir, "select code from seeds.c_Moneda where decimals <> '2'")
    assert {row["code"] for row in found} == {"JPY", "CLP", "XXX"}


def test_codes_keep_their_zeros(built: Built) -> None:
    found = query(
        built.data_dir,
        "select count(*) as lists from duckdb_columns() "
        "where schema_name = 'seeds' and data_type <> 'VARCHAR'",
    )
    assert found == [{"lists": 0}]
