-- What ageing shows at a past month end is what the invoices' totals and settlements say of that
-- day, worked out from core without the movements.
with cuts as (
    select distinct month_end_date,
    from {{ ref('mart_ar_aging_monthly') }}
    order by month_end_date desc
    limit 3
),

balances as (
    select
        invoices.team_id,
        invoices.currency_code,
        cuts.month_end_date,
        invoices.cfdi_key,
        any_value(invoices.total) - coalesce(sum(settlements.amount), 0) as balance,
    from {{ ref('fct_cfdi') }} as invoices
    inner join cuts
        on
            invoices.issue_date <= cuts.month_end_date
            and coalesce(invoices.cancelled_date > cuts.month_end_date, true)
    left join {{ ref('fct_invoice_settlement') }} as settlements
        on
            invoices.cfdi_key = settlements.cfdi_key
            and cuts.month_end_date >= settlements.settlement_date
    where
        invoices.cfdi_type_code = 'I' and invoices.payment_method_code = 'PPD'
        and invoices.is_in_scope and invoices.is_stamped
    group by all
),

expected as (
    select
        team_id,
        currency_code,
        month_end_date,
        sum(balance) as open_balance,
        count(*) as invoices_count,
    from balances
    where abs(balance) > 0.01
    group by all
),

found as (
    select
        ageing.team_id,
        ageing.currency_code,
        ageing.month_end_date,
        sum(ageing.open_balance) as open_balance,
        sum(ageing.invoices_count) as invoices_count,
    from {{ ref('mart_ar_aging_monthly') }} as ageing
    semi join cuts on ageing.month_end_date = cuts.month_end_date
    group by all
)

select
    expected.*,
    found.*,
from expected
full join found
    on
        expected.team_id = found.team_id
        and expected.currency_code = found.currency_code
        and expected.month_end_date = found.month_end_date
where
    expected.open_balance is distinct from found.open_balance
    or expected.invoices_count is distinct from found.invoices_count
