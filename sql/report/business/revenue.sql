-- revenue: one row per month of issue, all teams, in pesos, the oldest first.
select
    issue_month,
    sum(invoiced_revenue_mxn) as invoiced_revenue_mxn,
    sum(prior_year_revenue_mxn) as prior_year_revenue_mxn,
    sum(invoices_count)::bigint as invoices_count,
    sum(credit_notes_count)::bigint as credit_notes_count,
    sum(fx_missing_count)::bigint as fx_missing_count,
    bool_and(is_complete_month) as is_complete_month,
from marts.mart_revenue_monthly
group by issue_month
order by issue_month;
