-- Rows by team and kind on first_seen; reads records too.
select
    records.team_id,
    records.kind,
    null as status,
    null as currency,
    count(*) as row_count,
    0 as total,
from first_seen
inner join records on first_seen.origin = records.origin
group by all
