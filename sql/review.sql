-- One row per team and stream of a run: what came of it. Variable: run_id.
select
    streams.team_id,
    streams.stream,
    streams.status,
    streams.rows_seen,
    streams.rows_changed,
    streams.rows_deleted,
    streams.rejects,
    -- drift is known by stream, not by team
    (
        select count(*) from ops.drift
        where drift.stream = streams.stream and drift.last_seen_at = runs.started_at
    ) as drift,
    coalesce(compared.measures, 0) as measures,
    coalesce(compared.differences, 0) as differences,
    fresh.read_at,
    streams.requests,
    streams.seconds,
    streams.error,
from ops.run_streams as streams
inner join ops.runs as runs using (run_id)
left join (
    select
        team_id,
        stream,
        count(*) as measures,
        count(*) filter (difference <> 0) as differences,
    from ops.reconciliation
    where run_id = getvariable('run_id')
    group by all
) as compared using (team_id, stream)
left join (
    select
        team_id,
        stream,
        max(window_end) as read_at,
    from ops.run_streams
    inner join ops.runs using (run_id)
    where run_streams.status = 'ok' and mode in ('incremental', 'full')
    group by all
) as fresh using (team_id, stream)
where run_id = getvariable('run_id')
order by team_id, stream
