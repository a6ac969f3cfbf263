-- rejects: one row per stream, team and reason for which records were rejected and are kept.
select
    stream,
    team,
    reason,
    field,
    count(*) as rejects,
    max(seen_at) as seen_at,
from kept_rejects
group by stream, team_id, team, reason, field
order by seen_at desc, stream asc, team asc, reason asc, field asc;
