-- The receivables of DSO are those of ageing, and what is collected is that of the roll-forward.
with ageing as (
    select
        team_id,
        month_end_date,
        sum(open_balance_mxn) as closing_ar,
        sum(overdue_mxn) as overdue,
    from {{ ref('mart_ar_aging_monthly') }}
    group by all
),

rollforward as (
    select
        team_id,
        month_end_date,
        sum(collected_mxn) as collected,
    from {{ ref('mart_ar_rollforward_monthly') }}
    where is_complete_month
    group by all
)

select
    months.team_id,
    months.month_end_date,
    months.closing_ar_mxn,
    ageing.closing_ar,
    months.collected_mxn,
    rollforward.collected,
from {{ ref('mart_collections_monthly') }} as months
left join ageing
    on months.team_id = ageing.team_id and months.month_end_date = ageing.month_end_date
left join rollforward
    on months.team_id = rollforward.team_id and months.month_end_date = rollforward.month_end_date
where
    months.closing_ar_mxn <> coalesce(ageing.closing_ar, 0)
    or months.overdue_mxn <> coalesce(ageing.overdue, 0)
    or months.closing_ar_mxn <> months.current_ar_mxn + months.overdue_mxn
    or months.collected_mxn <> coalesce(rollforward.collected, 0)
