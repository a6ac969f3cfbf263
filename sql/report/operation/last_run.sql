-- last_run: one row: what the newest run did, and what is kept open.
select
    status,
    started_at,
    seconds,
    requests,
    rows_seen,
    rows_changed,
    rows_deleted,
    (select count(*) from kept_rejects) as rejects_kept,
    (select count(*) from ops.drift) as drift_known,
    (select count(*) from newest_comparisons) as comparisons,
    (select count(*) from newest_comparisons where difference <> 0) as differences,
from last_run;
