-- One row per run, team and stream: what was read, and how many records the API says there are.
select
    streams.team_id,
    streams.stream,
    streams.run_id,
    streams.status,
    streams.rows_seen,
    streams.rejects,
    streams.api_total,
    streams.complete_sweep as is_complete_sweep,
    runs.started_at,
    runs.finished_at,
from {{ source('ops', 'run_streams') }} as streams
inner join {{ source('ops', 'runs') }} as runs on streams.run_id = runs.run_id
