-- streams: one row per list of the API, over all teams, as each was read last.
select
    stream,
    count(*) filter (status = 'ok') as teams_ok,
    count(*) filter (status = 'unavailable') as teams_unavailable,
    count(*) filter (status not in ('ok', 'unavailable')) as teams_failed,
    sum(requests)::bigint as requests,
    sum(rows_seen)::bigint as rows_seen,
    sum(rows_changed)::bigint as rows_changed,
    sum(rows_deleted)::bigint as rows_deleted,
    max(seconds) as seconds,
    min(window_start) as window_start,
    min(read_at) as read_at,
from stream_states
group by stream
order by stream;
