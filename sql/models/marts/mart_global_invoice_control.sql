-- One row per global invoice (issued, cancelled ones too): the receipts of its period that it
-- should hold beside those that name it. Its period is the last whole one that ended by the stamp
-- and lies in its months; where none did, the one in which it was stamped.
with globals as (
    select
        *,
        coalesce({{ local_time('stamped_at') }}, issued_at_local, issue_date) as stamped_at_local,
        cast(stamped_at_local as date) as stamp_day,
        -- the closing run of a day is made in its last hour
        cast(stamped_at_local + interval 1 hour as date) - 1 as ended_date,
    from {{ live('fct_cfdi') }}
    where
        is_global and cfdi_type_code = 'I' and is_stamped
        and issue_date <= as_of_date
),

-- without a year, that in which its months began last
ranged as (
    select
        globals.*,
        coalesce(
            try_cast(globals.global_year as integer),
            year(globals.stamp_day) - cast(months.month_from > month(globals.stamp_day) as integer)
        ) as months_year,
        make_date(months_year, months.month_from, 1) as months_start_date,
        last_day(make_date(months_year, months.month_to, 1)) as months_end_date,
    from globals
    left join {{ ref('dim_global_months') }} as months
        on globals.global_months_code = months.global_months_code
),

-- the last day of the last whole period; what is null limits nothing
ended as (
    select
        *,
        case global_periodicity_code
            when '01' then least(ended_date, months_end_date)
            when '02'
                then cast(
                    date_trunc('week', least(ended_date, months_end_date + 6) + 1) as date
                ) - 1
            when '03' then {{ half_month_end('least(ended_date, months_end_date)') }}
            else coalesce(months_end_date, {{ month_of('ended_date + 1') }} - 1)
        end as last_whole_date,
    from ranged
),

-- a day of the period
placed as (
    select
        *,
        if(
            last_whole_date < months_start_date,
            greatest(months_start_date, least(stamp_day, months_end_date)),
            last_whole_date
        ) as period_day,
    from ended
),

periods as (
    select
        *,
        case global_periodicity_code
            when '01' then period_day
            when '02' then cast(date_trunc('week', period_day) as date)
            when '03' then {{ month_of('period_day') }} + if(day(period_day) <= 15, 0, 15)
            else coalesce(months_start_date, {{ month_of('period_day') }})
        end as period_start_date,
        case global_periodicity_code
            when '01' then period_day
            when '02' then cast(date_trunc('week', period_day) as date) + 6
            when '03'
                then if(
                    day(period_day) <= 15, {{ month_of('period_day') }} + 14, last_day(period_day)
                )
            else coalesce(months_end_date, last_day(period_day))
        end as period_end_date,
    from placed
),

receipts as (
    select *, from {{ live('fct_receipt') }}
    where status <> 'cancelled'
),

expected as (
    select
        periods.cfdi_key,
        count(*) as receipts_count,
        sum(if(receipts.is_in_global, receipts.total_mxn, receipts.kept_amount_mxn)) as amount_mxn,
    from periods
    inner join receipts
        on
            periods.team_id = receipts.team_id
            and receipts.created_date between periods.period_start_date and periods.period_end_date
    where receipts.status not in ('invoiced', 'refunded') or receipts.is_in_global
    group by periods.cfdi_key
),

held as (
    select
        links.cfdi_key,
        count(*) as receipts_count,
        sum(receipts.total_mxn) as amount_mxn,
        count(*) filter (where links.is_named_too) as named_after_count,
        count(*) filter (where links.globals_count > 1) as duplicates_count,
    from {{ ref('bridge_receipt_cfdi') }} as links
    inner join receipts on links.receipt_key = receipts.receipt_key
    group by links.cfdi_key
)

select
    periods.cfdi_key,
    periods.team_id,
    periods.cfdi_id,
    periods.uuid,
    periods.status,
    periods.global_periodicity_code,
    periods.global_months_code,
    periods.cancellation_motive_code,
    periods.currency_code,
    periods.total,
    periods.total_mxn,
    cast(coalesce(expected.receipts_count, 0) as integer) as receipts_expected,
    cast(coalesce(held.receipts_count, 0) as integer) as receipts_in_global,
    {{ money('coalesce(expected.amount_mxn, 0)') }} as amount_expected_mxn,
    {{ money('coalesce(held.amount_mxn, 0)') }} as amount_in_global_mxn,
    {{ money('periods.total_mxn - coalesce(expected.amount_mxn, 0)') }} as amount_difference_mxn,
    cast(coalesce(held.named_after_count, 0) as integer) as named_after_count,
    cast(coalesce(held.duplicates_count, 0) as integer) as duplicate_receipts,
    periods.stamped_date <= periods.period_end_date + 1 as is_sent_within_24h,
    periods.cancellation_motive_code = '04' or coalesce(held.named_after_count, 0) > 0
        as is_named_after_global,
    periods.is_valid,
    periods.period_start_date,
    periods.period_end_date,
    periods.issue_date,
    periods.stamped_date,
    periods.as_of_date,
from periods
left join expected on periods.cfdi_key = expected.cfdi_key
left join held on periods.cfdi_key = held.cfdi_key
