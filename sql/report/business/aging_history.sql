-- aging_history: one row per month end, all teams, in pesos.
select
    month_start_date,
    month_end_date,
    sum(open_balance_mxn) as open_balance_mxn,
    coalesce(sum(open_balance_mxn) filter (aging_bucket[1] = '0'), 0) as not_due_mxn,
    coalesce(sum(open_balance_mxn) filter (aging_bucket[1] = '1'), 0) as due_1_30_mxn,
    coalesce(sum(open_balance_mxn) filter (aging_bucket[1] = '2'), 0) as due_31_60_mxn,
    coalesce(sum(open_balance_mxn) filter (aging_bucket[1] = '3'), 0) as due_61_90_mxn,
    coalesce(sum(open_balance_mxn) filter (aging_bucket[1] = '4'), 0) as due_91_120_mxn,
    coalesce(sum(open_balance_mxn) filter (aging_bucket[1] = '5'), 0) as due_over_120_mxn,
    fraction(sum(open_balance_tier_1_mxn + open_balance_tier_2_mxn), sum(open_balance_mxn))
        as tier_1_2_pct,
    fraction(sum(open_balance_tier_3_mxn), sum(open_balance_mxn)) as tier_3_pct,
    fraction(sum(open_balance_tier_4_mxn), sum(open_balance_mxn)) as tier_4_pct,
    fraction(sum(open_balance_unpaid_mxn), sum(open_balance_mxn)) as unpaid_pct,
from marts.mart_ar_aging_monthly
group by month_start_date, month_end_date
order by month_end_date;
