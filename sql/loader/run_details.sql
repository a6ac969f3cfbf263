-- One row per team and resource of a run: what it read and found. Variable: run_id.
with compared as (
    select
        reconciliation.team_id,
        reconciliation.stream,
        count(*) as measures,
        count(*) filter (where reconciliation.difference <> 0) as differences,
    from ops.reconciliation
    where reconciliation.run_id = getvariable('run_id')
    group by reconciliation.team_id, reconciliation.stream
),

-- a backfill reads a part of the past, so it makes nothing fresh
fresh as (
    select
        run_streams.team_id,
        run_streams.stream,
        max(run_streams.window_end) as read_at,
    from ops.run_streams
    inner join ops.runs on run_streams.run_id = runs.run_id
    where run_streams.status = 'ok' and runs.mode in ('incremental', 'full')
    group by run_streams.team_id, run_streams.stream
),

-- drift is recorded by resource, not by team
drifted as (
    select
        drift.stream,
        drift.last_seen_at,
        count(*) as findings,
    from ops.drift
    group by drift.stream, drift.last_seen_at
)

select
    streams.team_id,
    streams.stream,
    streams.status,
    streams.rows_seen,
    streams.rows_changed,
    streams.rows_deleted,
    streams.rejects,
    coalesce(drifted.findings, 0) as drift,
    coalesce(compared.measures, 0) as measures,
    coalesce(compared.differences, 0) as differences,
    fresh.read_at,
    streams.requests,
    streams.seconds,
    streams.error,
from ops.run_streams as streams
inner join ops.runs on streams.run_id = runs.run_id
left join compared on streams.team_id = compared.team_id and streams.stream = compared.stream
left join fresh on streams.team_id = fresh.team_id and streams.stream = fresh.stream
left join drifted
    on streams.stream = drifted.stream and runs.started_at = drifted.last_seen_at
where streams.run_id = getvariable('run_id')
order by streams.team_id, streams.stream
