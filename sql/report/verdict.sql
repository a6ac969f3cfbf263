-- verdict: one row: whether all is well, how many things need a look, and as of when that holds.
select
    case
        when last_run.status is null then 'empty'
        when last_run.status in ('failed', 'partial') or 'failed' in found.severities then 'failed'
        when last_run.status <> 'ok' or found.findings > 0 then 'look'
        else 'ok'
    end as verdict,
    last_run.run_id as run_id,
    found.findings as findings,
    (select as_of from ops.publication) as as_of,
from
    (select coalesce(list(distinct severity), []) as severities, count(*) as findings from findings)
        as found
left join last_run on true;
