-- One row per global invoice (issued, cancelled ones too): the receipts of its period that it should
-- hold beside those that name it.
with globals as (
    select
        *,
        case
            when global_periodicity_code = '01' then issue_date
            when global_periodicity_code = '02' then cast(date_trunc('week', issue_date) as date)
            when global_periodicity_code = '03'
                then if(day(issue_date) <= 15, issue_month, issue_month + 15)
            when try_cast(global_months_code as integer) between 1 and 12 then make_date(
                coalesce(try_cast(global_year as integer), year(issue_date)),
                cast(global_months_code as integer), 1
            )
            when try_cast(global_months_code as integer) between 13 and 18 then make_date(
                coalesce(try_cast(global_year as integer), year(issue_date)),
                (cast(global_months_code as integer) - 13) * 2 + 1, 1
            )
            else issue_month
        end as period_start_date,
    from {{ live('fct_cfdi') }}
    where is_global and cfdi_type_code = 'I' and is_stamped and issue_date <= as_of_date
),

periods as (
    select
        *,
        case
            when global_periodicity_code = '01' then period_start_date
            when global_periodicity_code = '02' then period_start_date + 6
            when global_periodicity_code = '03' and day(period_start_date) = 1
                then period_start_date + 14
            when global_periodicity_code = '05'
                then last_day(cast(period_start_date + interval 1 month as date))
            else last_day(period_start_date)
        end as period_end_date,
    from globals
),

receipts as (
    select *, from {{ live('fct_receipt') }}
    where status <> 'cancelled'
),

expected as (
    select
        periods.cfdi_key,
        count(*) as receipts_count,
        sum(receipts.total_mxn) as amount_mxn,
    from periods
    inner join receipts
        on
            periods.team_id = receipts.team_id
            and receipts.created_date between periods.period_start_date and periods.period_end_date
    where receipts.status <> 'invoiced' or receipts.is_in_global
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
