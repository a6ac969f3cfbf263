-- teams: one row per team: the newest month that ended.
with newest as (
    select max(month_start_date) as month_start_date,
    from marts.mart_team_scorecard_monthly
    where is_complete_month
)

select
    coalesce(team_names.name, scores.team_id) as team,
    scores.month_start_date,
    scores.invoiced_revenue_mxn,
    scores.collected_mxn,
    round(scores.dso_3m, 2) as dso_3m,
    scores.overdue_mxn,
    scores.overdue_pct,
    scores.rep_needed_count,
    scores.rep_on_time_count,
    scores.cancelled_mxn,
    scores.pue_unpaid_mxn,
from marts.mart_team_scorecard_monthly as scores
inner join newest on scores.month_start_date = newest.month_start_date
left join team_names on scores.team_id = team_names.team_id
order by team;
