-- durations: one row per run of the last 30 days.
select
    started_at,
    status,
    mode,
    seconds,
    requests,
    rows_changed,
from recent_runs
order by started_at, run_id;
