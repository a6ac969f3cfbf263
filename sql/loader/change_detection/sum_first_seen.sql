-- Rows and money by team, kind, status and currency on first_seen; reads records and roots too.
select
    records.team_id,
    records.kind,
    roots.status,
    roots.currency,
    count(*) as row_count,
    coalesce(sum(roots.total), 0) as total,
from first_seen
inner join records on first_seen.origin = records.origin
inner join roots on first_seen.origin = roots.origin
group by all
