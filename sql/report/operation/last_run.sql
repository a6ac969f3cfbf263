-- last_run: one row: what the newest run did, and what is kept open.
with open_rejects as (
    select count(*) as rejects_kept,
    from kept_rejects
),

known as (
    select count(*) as drift_known,
    from ops.drift
),

compared as (
    select
        count(*) as comparisons,
        count(*) filter (difference <> 0) as differences,
    from newest_comparisons
)

select
    run.status,
    run.started_at,
    run.seconds,
    run.requests,
    run.rows_seen,
    run.rows_changed,
    run.rows_deleted,
    open_rejects.rejects_kept,
    known.drift_known,
    compared.comparisons,
    compared.differences,
from last_run as run
cross join open_rejects
cross join known
cross join compared;
