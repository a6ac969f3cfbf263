"""IVA, withholdings, income and complements owed in the marts against the oracle, to the cent."""

from typing import Any

import pytest

from . import income, iva, owed, withholdings
from .collecting import Basis
from .conftest import Audited
from .tables import of_teams
from .test_core import without_zeros

IVA_KEY = "team_id, month_start_date, iva_rate_class, currency_code"
WITHHELD = ("base", "base_mxn", "withheld", "withheld_mxn")


def _iva(audited: Audited, basis: Basis, *columns: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    sql = f"select {IVA_KEY}, {', '.join(columns)} from marts.mart_iva_monthly where basis = "
    return without_zeros(audited.rows(f"{sql}'{basis}'", 4))


def test_iva_billed(audited: Audited) -> None:
    names = ("base_billed", "base_billed_mxn", "iva_billed", "iva_billed_mxn")
    told = of_teams(audited.teams, iva.iva_billed)
    expected = {key: tuple(row[name] for name in names) for key, row in told.items()}
    assert _iva(audited, "cash", *names) == without_zeros(expected)


@pytest.mark.parametrize("basis", ["sat_prefill", "cash"])
def test_iva_collected(audited: Audited, basis: Basis) -> None:
    names = (
        "base_collected",
        "base_collected_mxn",
        "iva_collected",
        "iva_collected_mxn",
        "iva_estimated_mxn",
    )
    told = of_teams(audited.teams, lambda books: iva.iva_collected(books, basis))
    expected = {key: tuple(row[name] for name in names) for key, row in told.items()}
    assert _iva(audited, basis, *names) == without_zeros(expected)


def test_iva_pending_rolls_forward(audited: Audited) -> None:
    columns = {
        "opening": "iva_pending_opening",
        "billed_ppd": "iva_billed_ppd",
        "collected": "iva_collected_ppd",
        "credit_notes": "iva_credit_notes",
        "cancelled": "iva_cancelled",
        "closing": "iva_pending_closing",
    }
    told = of_teams(audited.teams, iva.iva_pending)
    expected = {key: tuple(row[name] for name in columns) for key, row in told.items()}
    assert _iva(audited, "cash", *columns.values()) == without_zeros(expected)


@pytest.mark.parametrize("clock", ["billed", "collected"])
def test_withholdings_by_client(audited: Audited, clock: str) -> None:
    answer = {
        "billed": withholdings.withheld_billed,
        "collected": withholdings.withheld_collected,
    }[clock]
    told = of_teams(audited.teams, answer)
    expected = {key: tuple(row[name] for name in WITHHELD) for key, row in told.items()}
    sql = f"""
        select
            team_id, nullif(client_id, 'unknown') as client_id, month_start_date, tax_name,
            currency_code, base_{clock}, base_{clock}_mxn, withheld_{clock}, withheld_{clock}_mxn,
        from marts.mart_withholding_monthly
    """
    assert without_zeros(audited.rows(sql, 5)) == without_zeros(expected)


@pytest.mark.parametrize("basis", ["sat_prefill", "cash"])
def test_income_on_a_cash_basis(audited: Audited, basis: Basis) -> None:
    names = (
        "invoices_count",
        *income.SOURCES,
        *(f"{name}_mxn" for name in income.SOURCES),
        *income.EVIDENCES,
    )
    told = of_teams(audited.teams, lambda books: income.income_collected(books, basis))
    assert {key[0] for key in told} == {books.team for books in audited.teams}
    expected = {key: tuple(row[name] for name in names) for key, row in told.items()}
    sql = f"""
        select team_id, month_start_date, currency_code, {", ".join(names)},
        from marts.mart_income_cash_basis_monthly where basis = '{basis}'
    """
    assert without_zeros(audited.rows(sql, 3)) == without_zeros(expected)


def test_complements_owed(audited: Audited) -> None:
    expected = {
        key: (
            row.payment_date,
            row.paid_amount,
            row.rep_amount,
            row.owed_amount,
            row.rep_due_date,
            row.rep_issue_date,
            row.rep_status,
        )
        for key, row in of_teams(audited.teams, owed.rep_owed).items()
    }
    sql = """
        select
            team_id, payment_id, cfdi_id, payment_date, paid_amount, rep_amount, owed_amount,
            rep_due_date, rep_issue_date, rep_status,
        from marts.mart_rep_owed
    """
    assert audited.rows(sql, 3) == expected
