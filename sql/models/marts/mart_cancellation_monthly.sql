-- One row per team, month of issue and type of CFDI: how much of what was issued is cancelled now,
-- and by which motive.
with issued as (
    select
        *,
        cast(cancelled_date - issue_date as integer) as days_to_cancel,
    from {{ live('fct_cfdi') }}
    where is_stamped and issue_date <= as_of_date
)

select
    {{ key(['team_id', 'issue_month', 'cfdi_type_code']) }} as cancellation_month_key,
    team_id,
    cfdi_type_code,
    cast(count(*) as integer) as issued_count,
    cast(count(*) filter (where is_cancelled) as integer) as cancelled_count,
    cast(
        count(*) filter (where is_cancelled and cancellation_motive_code = '01') as integer
    ) as cancelled_motive_01_count,
    cast(
        count(*) filter (where is_cancelled and cancellation_motive_code = '02') as integer
    ) as cancelled_motive_02_count,
    cast(
        count(*) filter (where is_cancelled and cancellation_motive_code = '03') as integer
    ) as cancelled_motive_03_count,
    cast(
        count(*) filter (where is_cancelled and cancellation_motive_code = '04') as integer
    ) as cancelled_motive_04_count,
    cast(
        count(*) filter (
            where is_cancelled and cancellation_motive_code not in ('01', '02', '03', '04')
        ) as integer
    ) as cancelled_motive_other_count,
    cast(count(*) filter (where is_cancelled_in_later_month) as integer) as cancelled_later_count,
    {{ money(total('net_amount_mxn')) }} as issued_net_mxn,
    {{ money(total('net_amount_mxn', 'is_cancelled')) }}
        as cancelled_net_mxn,
    {{ money(total('net_amount_mxn', 'is_cancelled_in_later_month')) }}
        as cancelled_later_net_mxn,
    {{ ratio('count(*) filter (where is_cancelled)', 'count(*)') }} as cancel_rate_count,
    {{ ratio(
        total('net_amount_mxn', 'is_cancelled'),
        total('net_amount_mxn')
    ) }} as cancel_rate_amount,
    cast(quantile_disc(days_to_cancel, 0.5) filter (where is_cancelled) as integer)
        as median_days_to_cancel,
    cast(count(*) filter (where is_fx_missing) as integer) as fx_missing_count,
    issue_month,
    any_value(as_of_date) as as_of_date,
from issued
group by team_id, issue_month, cfdi_type_code
