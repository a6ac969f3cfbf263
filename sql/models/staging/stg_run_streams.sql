-- One row per run, team and stream: what was read, and how many records the API says there are.
select
    streams.team_id,
    streams.run_id,
    streams.stream,
    streams.status,
    streams.error,
    streams.rows_seen,
    streams.rejects as rejects_count,
    streams.api_total,
    streams.complete_sweep as is_complete_sweep,
    {{ local_date('runs.finished_at', 'streams.team_id') }} as finished_date,
    runs.started_at,
    runs.finished_at,
from {{ source('ops', 'run_streams') }} as streams
inner join {{ source('ops', 'runs') }} as runs on streams.run_id = runs.run_id
