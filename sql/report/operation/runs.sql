-- runs: one row per run of the last 30 days, the newest first.
select
    started_at,
    mode,
    status,
    seconds,
    teams as team_count,
    requests,
    retries,
    rows_seen,
    rows_changed,
    rows_deleted,
    rejects,
    drift,
    message as detail,
    run_id,
from recent_runs
order by started_at desc, run_id asc;
