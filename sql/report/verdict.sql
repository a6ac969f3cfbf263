-- verdict: one row: whether all is well, what needs attention, and as of when that holds.
with found as (
    select
        count(*) as findings,
        count(*) filter (severity = 'failed') as serious,
    from findings
)

select
    case
        when last_run.status is null then 'empty'
        when last_run.status in ('failed', 'partial') or found.serious > 0 then 'failed'
        when last_run.status <> 'ok' or found.findings > 0 then 'look'
        else 'ok'
    end as verdict,
    last_run.run_id,
    found.serious,
    found.findings - found.serious as to_be_looked_at,
    published.as_of,
from found
cross join ops.publication as published
left join last_run on true;
