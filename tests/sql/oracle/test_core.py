"""The star schema against the oracle, to the cent: two teams, three days."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from . import collecting, iva, receivables, revenue, taxes
from .conftest import Audited
from .evidence import tier
from .tables import of_teams

Table = dict[tuple[Any, ...], tuple[Any, ...]]

BALANCES = """
    select
        invoices.team_id,
        invoices.cfdi_id,
        any_value(invoices.total) - coalesce(sum(settlements.amount), 0) as open_balance,
    from core.fct_cfdi as invoices
    left join core.fct_invoice_settlement as settlements
        on invoices.cfdi_key = settlements.cfdi_key and settlements.settlement_date <= '{cut}'
    where
        invoices.cfdi_type_code = 'I' and invoices.payment_method_code = 'PPD'
        and invoices.is_in_scope and invoices.is_stamped and invoices.issue_date <= '{cut}'
        and coalesce(invoices.cancelled_date > '{cut}', true)
    group by all
    having abs(open_balance) > 0.01
"""


def without_zeros(table: Table) -> Table:
    return {key: row for key, row in table.items() if any(row)}


def test_revenue_by_month_client_and_currency(audited: Audited) -> None:
    told = of_teams(audited.teams, revenue.revenue)
    names = ("invoiced_revenue", "invoiced_revenue_mxn", "gross_invoiced", "gross_invoiced_mxn")
    sql = """
        select
            cfdi.team_id, issue_month, nullif(client_id, 'unknown') as client_id, currency_code,
            sum(signed_net_amount), coalesce(sum(signed_net_amount_mxn), 0),
            sum(signed_total), coalesce(sum(signed_total_mxn), 0),
        from core.fct_cfdi as cfdi
        inner join core.dim_client using (client_key)
        where is_valid and revenue_sign <> 0
        group by all
    """
    expected = {key: tuple(row[name] for name in names) for key, row in told.items()}
    assert without_zeros(audited.rows(sql, 4)) == without_zeros(expected)


def test_open_balances_with_their_evidence(audited: Audited) -> None:
    expected = {
        key: (item.open_balance, item.open_balance_mxn, item.due_date)
        for books in audited.teams
        for key, item in receivables.open_items(books, audited.as_of).items()
    }
    sql = """
        select team_id, cfdi_id, open_balance, open_balance_mxn, due_date
        from core.fct_invoice_balance where is_receivable and is_open
    """
    assert audited.rows(sql, 2) == expected


def test_open_balances_at_three_month_ends(audited: Audited) -> None:
    for cut in receivables.month_ends(audited.teams[0], 3):
        expected = {
            key: (item.open_balance,)
            for books in audited.teams
            for key, item in receivables.open_items(books, cut).items()
        }
        assert audited.rows(BALANCES.format(cut=cut), 2) == expected


def test_tiers_of_evidence(audited: Audited) -> None:
    expected = {
        (books.team, invoice.key): (best,)
        for books in audited.teams
        for invoice in books.valid("I")
        if invoice.is_ppd and (best := tier(books, invoice))
    }
    sql = """
        select team_id, cfdi_id, evidence_tier from core.fct_invoice_balance
        where is_receivable and evidence_tier is not null
    """
    assert audited.rows(sql, 2) == expected


def test_iva_billed_by_month_rate_and_currency(audited: Audited) -> None:
    told = of_teams(audited.teams, iva.iva_billed)
    names = ("base_billed", "base_billed_mxn", "iva_billed", "iva_billed_mxn")
    sql = """
        select
            team_id, issue_month, iva_rate_class, currency_code,
            sum(revenue_sign * base_amount), coalesce(sum(revenue_sign * base_amount_mxn), 0),
            sum(revenue_sign * tax_amount), coalesce(sum(revenue_sign * tax_amount_mxn), 0),
        from core.fct_cfdi_tax
        inner join core.fct_cfdi using (cfdi_key, team_id, currency_code)
        where is_valid and iva_rate_class is not null
        group by all
    """
    expected = {key: tuple(row[name] for name in names) for key, row in told.items()}
    assert without_zeros(audited.rows(sql, 4)) == without_zeros(expected)


def _settled(audited: Audited, label: str, parts_of: Any) -> Table:
    """Base and tax of payments alone (notes are the marts' affair), in document currency."""
    found: dict[tuple[Any, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    clock = collecting.Clock("cash", parts_of, lambda _: {})
    for books in audited.teams:
        for one in collecting.collected(books, clock):
            if one.cfdi.kind == "I":
                key = (label, books.team, one.cfdi.key, one.month, one.label)
                found[key][0] += one.part.base
                found[key][1] += one.part.amount
    return {key: tuple(row) for key, row in found.items()}


SETTLED = """
    select
        '{label}', taxes.team_id, cfdi_id, settlement_month, {column},
        sum(base_amount), sum(tax_amount),
    from core.fct_settlement_tax as taxes
    inner join core.fct_cfdi using (cfdi_key)
    where is_valid and {column} is not null and is_withheld = {is_withheld}
    group by all
"""


def test_parts_of_iva_that_payments_settle(audited: Audited) -> None:
    sql = SETTLED.format(label="iva", column="iva_rate_class", is_withheld=False)
    expected = _settled(audited, "iva", taxes.iva)
    assert without_zeros(audited.rows(sql, 5)) == without_zeros(expected)


def test_parts_of_withholdings_that_payments_settle(audited: Audited) -> None:
    sql = SETTLED.format(label="withheld", column="tax_name", is_withheld=True)
    expected = _settled(audited, "withheld", taxes.withheld)
    assert without_zeros(audited.rows(sql, 5)) == without_zeros(expected)


def test_foreign_tax_in_pesos_of_the_day_of_payment(audited: Audited) -> None:
    found: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    clock = collecting.Clock("cash", taxes.iva, lambda _: {})
    for books in audited.teams:
        for one in collecting.collected(books, clock):
            if one.cfdi.kind == "I" and one.cfdi.is_ppd:
                found[books.team, one.cfdi.key, one.month, one.label] += _pesos(one)
    sql = """
        select
            taxes.team_id, cfdi_id, settlement_month, iva_rate_class,
            sum(tax_at_payment_rate_mxn),
        from core.fct_settlement_tax as taxes
        inner join core.fct_cfdi as invoices using (cfdi_key)
        where is_valid and iva_rate_class is not null and invoices.payment_method_code = 'PPD'
        group by all
    """
    expected = {key: (amount,) for key, amount in found.items()}
    assert without_zeros(audited.rows(sql, 4)) == without_zeros(expected)


def _pesos(one: collecting.Collected) -> Decimal:
    return one.mxn(one.part.amount) or Decimal(0)
