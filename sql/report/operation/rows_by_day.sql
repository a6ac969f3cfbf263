-- rows_by_day: one row per local day of the last 30 on which there was a run.
select
    started_at::date as run_date,
    count(*) as runs,
    sum(rows_seen)::bigint as rows_seen,
    sum(rows_changed)::bigint as rows_changed,
    sum(rows_deleted)::bigint as rows_deleted,
from recent_runs
group by run_date
order by run_date;
