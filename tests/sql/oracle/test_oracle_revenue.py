"""Marts of revenue, receivables and collections against the oracle: whole rows, to the cent."""

from dataclasses import asdict
from typing import Any

from . import performance, receivables, reconciliation, revenue
from .conftest import Audited
from .receivables import STEPS
from .tables import of_teams, rolled_up

Table = dict[tuple[Any, ...], tuple[Any, ...]]

REVENUE = [
    *("invoices_count", "credit_notes_count", "fx_missing_count"),
    *("income_net", "income_net_mxn", "credit_notes_net", "credit_notes_net_mxn"),
    *("invoiced_revenue", "invoiced_revenue_mxn", "gross_invoiced", "gross_invoiced_mxn"),
    *("cancelled_net", "cancelled_net_mxn", "cancelled_later_net", "cancelled_later_net_mxn"),
]
OPEN_ITEM = [
    *("open_balance", "open_balance_mxn", "paid_to_invoice", "credit_notes_allocated"),
    *("due_date", "due_date_basis", "days_past_due", "aging_bucket", "aging_bucket_gigstack"),
]
BALANCE = ["open_balance", "open_balance_mxn", "invoices_count"]
PESOS = ["opening_ar", "closing_ar", "current_ar", "credit_sales", "credit_sales_3m"]
RATIOS = ["dso_1m", "dso_3m", "best_possible_dso", "average_days_delinquent", "cei_pct"]
RECONCILED = [
    *("invoiced_pue", "invoiced_ppd", "credit_notes", "rep_paid", "collected"),
    *(*reconciliation.CLASSES, "difference"),
]


def without_zeros(table: Table) -> Table:
    return {key: row for key, row in table.items() if any(row)}


def told(table: dict[Any, Any], names: list[str]) -> Table:
    return without_zeros({key: tuple(row[name] for name in names) for key, row in table.items()})


def sums(names: list[str]) -> str:
    return ", ".join(f"sum({name})" for name in names)


def test_revenue_by_month_and_currency(audited: Audited) -> None:
    sql = f"""
        select team_id, issue_month, currency_code, {sums(REVENUE)}
        from marts.mart_revenue_monthly group by all
    """
    expected = rolled_up(of_teams(audited.teams, revenue.revenue), 0, 1, 3)
    assert without_zeros(audited.rows(sql, 3)) == told(expected, REVENUE)


def test_revenue_by_client(audited: Audited) -> None:
    names = ["income_net_mxn", "credit_notes_net_mxn", "invoiced_revenue_mxn"]
    sql = f"""
        select team_id, issue_month, client_id, {", ".join(names)}
        from marts.mart_revenue_client_monthly where not is_generic
    """
    expected = told(rolled_up(of_teams(audited.teams, revenue.revenue), 0, 1, 2), names)
    found = without_zeros(audited.rows(sql, 3))
    assert found
    assert found.items() <= expected.items()


def test_open_items(audited: Audited) -> None:
    expected = {
        key: (*(getattr(item, name) for name in OPEN_ITEM), item.evidence_tier or "none")
        for books in audited.teams
        for key, item in receivables.open_items(books, audited.as_of).items()
    }
    sql = f"""
        select team_id, cfdi_id, {", ".join(OPEN_ITEM)}, evidence from marts.mart_ar_open_items
    """
    assert audited.rows(sql, 2) == expected


def test_ageing_at_three_month_ends_in_both_kinds_of_buckets(audited: Audited) -> None:
    cuts = receivables.month_ends(audited.teams[0], 3)
    for is_gigstack, column in ((False, "aging_bucket"), (True, "aging_bucket_gigstack")):
        sql = f"""
            select
                team_id, nullif(client_id, 'unknown'), currency_code, month_end_date, {column},
                {sums(BALANCE)}
            from marts.mart_ar_aging_monthly where month_end_date >= '{cuts[0]}' group by all
        """
        expected: dict[Any, Any] = {}
        for books in audited.teams:
            expected |= receivables.ageing(books, cuts, is_gigstack=is_gigstack)
        assert audited.rows(sql, 5) == told(expected, BALANCE)


def test_rollforward_of_every_month(audited: Audited) -> None:
    steps = ("opening", *STEPS, "closing")
    names = [f"{name}{suffix}" for name in steps for suffix in ("", "_mxn")]
    sql = f"""
        select team_id, currency_code, month_start_date, {", ".join(names)}
        from marts.mart_ar_rollforward_monthly
    """
    expected = of_teams(audited.teams, receivables.rollforward)
    assert without_zeros(audited.rows(sql, 3)) == told(expected, names)


def test_dso_and_its_kin_of_three_months(audited: Audited) -> None:
    cuts = receivables.month_ends(audited.teams[0], 3)
    expected: dict[Any, Any] = {}
    for books in audited.teams:
        for cut in cuts:
            found = performance.performance(books, cut)
            expected |= {key: asdict(row) for key, row in found.items()}
    pesos = ", ".join(f"{name}_mxn" for name in PESOS)
    sql = f"""
        select team_id, month_start_date, {pesos}, {", ".join(RATIOS)}
        from marts.mart_collections_monthly where month_end_date >= '{cuts[0]}'
    """
    assert without_zeros(audited.rows(sql, 2)) == told(expected, PESOS + RATIOS)


def test_invoicing_beside_collections(audited: Audited) -> None:
    columns = ", ".join(f"{name}_mxn" for name in RECONCILED)
    sql = f"""
        select team_id, month_start_date, {columns} from marts.mart_reconciliation_monthly
    """
    expected = of_teams(audited.teams, reconciliation.reconciliation)
    assert without_zeros(audited.rows(sql, 2)) == told(expected, RECONCILED)
