-- revenue_by_team: one row per month of issue and team, in pesos, the newest first.
select
    revenue.issue_month,
    coalesce(team_names.name, revenue.team_id) as team,
    sum(revenue.invoices_count)::bigint as invoices_count,
    sum(revenue.income_net_mxn) as income_net_mxn,
    sum(revenue.credit_notes_net_mxn) as credit_notes_net_mxn,
    sum(revenue.invoiced_revenue_mxn) as invoiced_revenue_mxn,
    sum(revenue.prior_year_revenue_mxn) as prior_year_revenue_mxn,
    sum(revenue.cancelled_net_mxn) as cancelled_net_mxn,
    sum(revenue.fx_missing_count)::bigint as fx_missing_count,
from marts.mart_revenue_monthly as revenue
left join team_names on revenue.team_id = team_names.team_id
group by revenue.issue_month, revenue.team_id, team_names.name
order by revenue.issue_month desc, team asc;
