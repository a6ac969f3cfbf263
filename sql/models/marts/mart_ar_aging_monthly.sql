-- One row per team, client, currency, past month end and pair of buckets: the accountants' (days
-- past due) and gigstack's (days since creation). Sum over either, never over month ends.
select
    balances.client_key,
    balances.team_id,
    clients.client_id,
    clients.client_name,
    balances.currency_code,
    balances.aging_bucket,
    balances.aging_bucket_gigstack,
    cast(count(*) as bigint) as invoices_count,
    cast(count(*) filter (balances.is_fx_missing) as bigint) as fx_missing_count,
    {{ money('sum(balances.open_balance)') }} as open_balance,
    {{ money(total('balances.open_balance_mxn')) }} as open_balance_mxn,
    {{ money(
        total('balances.open_balance_mxn', 'balances.days_past_due > 0')
    ) }} as overdue_mxn,
    {{ money(
        total('balances.open_balance_mxn', 'balances.days_past_due > 90')
    ) }} as over_90_mxn,
    {% for tier in [1, 2, 3, 4] %}
        {{ money(
            total('balances.open_balance_mxn', 'balances.evidence_tier = ' ~ tier)
        ) }} as open_balance_tier_{{ tier }}_mxn,
    {% endfor %}
    {{ money(
        total('balances.open_balance_mxn', 'balances.evidence_tier is null')
    ) }} as open_balance_unpaid_mxn,
    balances.month_start_date,
    balances.month_end_date,
from {{ live('fct_receivable_month_end') }} as balances
left join {{ ref('dim_client') }} as clients on balances.client_key = clients.client_key
where balances.is_open and balances.is_complete_month
group by all
