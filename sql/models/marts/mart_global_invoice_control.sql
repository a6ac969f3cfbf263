-- One row per global invoice (issued, cancelled ones too): the receipts of its period that it
-- should hold beside those that name it.
with globals as (
    select
        invoices.*,
        make_date(
            coalesce(try_cast(invoices.global_year as integer), year(invoices.issue_date)),
            months.month_from,
            1
        ) as first_date,
        months.month_to - months.month_from as further_months,
    from {{ live('fct_cfdi') }} as invoices
    left join {{ ref('dim_global_months') }} as months
        on invoices.global_months_code = months.global_months_code
    where
        invoices.is_global and invoices.cfdi_type_code = 'I' and invoices.is_stamped
        and invoices.issue_date <= invoices.as_of_date
),

started as (
    select
        *,
        case global_periodicity_code
            when '01' then issue_date
            when '02' then cast(date_trunc('week', issue_date) as date)
            when '03' then if(day(issue_date) <= 15, issue_month, issue_month + 15)
            else coalesce(first_date, issue_month)
        end as period_start_date,
    from globals
),

periods as (
    select
        *,
        case
            when global_periodicity_code = '01' then period_start_date
            when global_periodicity_code = '02' then period_start_date + 6
            when global_periodicity_code = '03' and day(period_start_date) = 1
                then period_start_date + 14
            else last_day(
                cast(period_start_date + to_months(coalesce(further_months, 0)) as date)
            )
        end as period_end_date,
    from started
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
