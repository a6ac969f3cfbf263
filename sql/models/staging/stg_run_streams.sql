-- One row per run, team and stream of the loader's ledger.
select
    streams.team_id,
    streams.run_id,
    streams.stream,
    streams.status,
    streams.error,
    streams.rows_seen,
    streams.rejects as rejects_count,
    {{ local_date('runs.finished_at', 'streams.team_id') }} as finished_date,
    runs.finished_at,
from {{ source('ops', 'run_streams') }} as streams
inner join {{ source('ops', 'runs') }} as runs on streams.run_id = runs.run_id
