-- Removes rows about old runs from schema ops. Reads the variables runs_before and details_before.

-- the newest reads of each list that prove something, of whatever age
create or replace temp table proofs as
select
    run_streams.run_id,
    run_streams.team_id,
    run_streams.stream,
from ops.run_streams
inner join ops.runs on run_streams.run_id = runs.run_id
where run_streams.status = 'ok'
qualify
    row_number() over (
        partition by
            run_streams.team_id,
            run_streams.stream,
            run_streams.complete_sweep,
            run_streams.window_start is null,
            runs.mode
        order by runs.started_at desc
    ) = 1;

delete from ops.run_streams
where
    run_id in (
        select runs.run_id,
        from ops.runs
        where runs.started_at < getvariable('details_before')
    )
    and (run_id, team_id, stream) not in (
        select (proofs.run_id, proofs.team_id, proofs.stream),
        from proofs
    );

delete from ops.reconciliation
where run_id in (
    select runs.run_id,
    from ops.runs
    where runs.started_at < getvariable('details_before')
);

-- the same record, rejected again since
delete from ops.rejects
where
    seen_at < getvariable('details_before')
    and rowid not in (
        select rejects.rowid,
        from ops.rejects
        qualify
            row_number() over (
                partition by rejects.stream, rejects.team_id, rejects.raw, rejects.parent_id
                order by rejects.seen_at desc
            ) = 1
    );

delete from ops.runs
where
    started_at < getvariable('runs_before')
    and run_id not in (select run_streams.run_id, from ops.run_streams)
    and run_id not in (select rejects.run_id, from ops.rejects);

delete from ops.transforms
where
    started_at < getvariable('runs_before')
    and started_at < (select max(transforms.started_at), from ops.transforms);

delete from ops.alerts
where cleared_at < getvariable('runs_before');
