-- collections_by_team: one row per month that ended and team, PPD only, the newest first.
select
    months.month_start_date,
    coalesce(team_names.name, months.team_id) as team,
    months.credit_sales_mxn,
    months.collected_mxn,
    months.closing_ar_mxn,
    months.overdue_mxn,
    round(months.dso_1m, 2) as dso_1m,
    round(months.dso_3m, 2) as dso_3m,
    round(months.best_possible_dso, 2) as best_possible_dso,
    months.cei_pct,
    months.paid_mxn,
    fraction(months.paid_tier_1_mxn + months.paid_tier_2_mxn, months.paid_mxn) as tier_1_2_pct,
    fraction(months.paid_tier_3_mxn, months.paid_mxn) as tier_3_pct,
    fraction(months.paid_tier_4_mxn, months.paid_mxn) as tier_4_pct,
from marts.mart_collections_monthly as months
left join team_names on months.team_id = team_names.team_id
order by months.month_start_date desc, team asc;
