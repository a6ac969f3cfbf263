-- One row per team and month in which receipts were made that nobody invoiced yet: how much of them
-- the global invoice will take, by the share that clients invoiced themselves in the six months
-- before.
with receipts as (
    select
        *,
        -- what was given back will be in no invoice
        {{ to_mxn(settled_share('(subtotal - discount)', 'kept_amount', 'total', 2)) }} as net_mxn,
        {{ to_mxn(settled_share('transferred_taxes', 'kept_amount', 'total', 2)) }} as taxes_mxn,
        status = 'invoiced' and not is_in_global as is_self_invoiced,
    from {{ live('fct_receipt') }}
),

pending as (
    select
        team_id,
        created_month,
        any_value(as_of_date) as as_of_date,
        count(*) as pending_count,
        count(*) filter (where is_fx_missing) as fx_missing_count,
        coalesce(sum(kept_amount_mxn), 0) as amount,
        coalesce(sum(net_mxn), 0) as net,
        coalesce(sum(taxes_mxn), 0) as taxes,
    from receipts
    where status = 'pending'
    group by team_id, created_month
),

settled as (
    select
        team_id,
        created_month,
        count(*) as settled_count,
        count(*) filter (where is_self_invoiced) as self_count,
        coalesce(sum(total_mxn), 0) as settled_amount,
        coalesce(sum(total_mxn) filter (where is_self_invoiced), 0) as self_amount,
    from receipts
    where
        status in ('invoiced', 'expired') and created_month < {{ month_of('as_of_date') }}
        and created_month >= {{ month_of('as_of_date') }} - interval 6 months
    group by team_id, created_month
),

monthly as (
    select
        *,
        {{ ratio('self_amount', 'settled_amount') }} as rate,
    from settled
),

summed as (
    select
        team_id,
        cast(sum(settled_count) as integer) as settled_count,
        cast(sum(self_count) as integer) as self_count,
        try_cast(sum(settled_amount) as decimal(18, 2)) as settled_amount,
        try_cast(sum(self_amount) as decimal(18, 2)) as self_amount,
        min(rate) as lowest_rate,
        max(rate) as highest_rate,
    from monthly
    group by team_id
),

rates as (
    select
        *,
        {{ ratio('self_amount', 'settled_amount') }} as rate,
        {{ ratio('self_count', 'settled_count') }} as rate_count,
    from summed
)

select
    {{ key(['pending.team_id', 'pending.created_month']) }} as global_invoice_estimate_key,
    pending.team_id,
    cast(pending.pending_count as integer) as pending_count,
    {{ money('pending.amount') }} as pending_amount_mxn,
    {{ money('pending.net') }} as pending_net_mxn,
    {{ money('pending.taxes') }} as pending_taxes_mxn,
    coalesce(rates.settled_count, 0) as settled_count,
    coalesce(rates.self_count, 0) as self_invoiced_count,
    coalesce(rates.settled_amount, 0) as settled_amount_mxn,
    coalesce(rates.self_amount, 0) as self_invoiced_amount_mxn,
    rates.rate as self_invoice_rate,
    rates.rate_count as self_invoice_rate_count,
    {{ money(share('pending.amount', '(1 - rates.rate)', 1)) }}
        as estimated_global_amount_mxn,
    {{ money(share('pending.net', '(1 - rates.rate)', 1)) }} as estimated_net_mxn,
    {{ money(share('pending.taxes', '(1 - rates.rate)', 1)) }}
        as estimated_taxes_mxn,
    {{ money(share('pending.amount', '(1 - rates.highest_rate)', 1)) }} as estimated_low_mxn,
    {{ money(share('pending.amount', '(1 - rates.lowest_rate)', 1)) }}
        as estimated_high_mxn,
    cast(pending.fx_missing_count as integer) as fx_missing_count,
    pending.created_month,
    pending.as_of_date,
from pending
left join rates on pending.team_id = rates.team_id
