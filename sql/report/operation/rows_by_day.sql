-- rows_by_day: one row per local day of the last 30, also those without a run.
with newest as (
    select max(started_at)::date as newest_date,
    from recent_runs
),

days as (
    select
        unnest(
            range(newest_date - interval 29 days, newest_date + interval 1 day, interval 1 day)
        )::date as run_date,
    from newest
)

select
    days.run_date,
    count(runs.run_id) as runs,
    sum(runs.rows_seen)::bigint as rows_seen,
    sum(runs.rows_changed)::bigint as rows_changed,
    sum(runs.rows_deleted)::bigint as rows_deleted,
from days
left join recent_runs as runs on days.run_date = runs.started_at::date
group by days.run_date
order by days.run_date;
