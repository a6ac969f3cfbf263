-- One row per run of the loader, team and stream, by the as-of day: what it read and how it ended.
select
    {{ key(['streams.run_id', 'streams.team_id', 'streams.stream']) }} as run_stream_key,
    streams.team_id,
    streams.run_id,
    streams.stream,
    streams.status as load_status,
    streams.rows_seen,
    streams.rejects as rejects_count,
    {{ local_date('streams.finished_at', 'streams.team_id') }} <= teams.as_of_date as is_in_scope,
    {{ local_date('streams.finished_at', 'streams.team_id') }} as finished_date,
    teams.as_of_date,
    streams.finished_at,
from {{ ref('stg_run_streams') }} as streams
inner join {{ ref('dim_team') }} as teams on streams.team_id = teams.team_id
