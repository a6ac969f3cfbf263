-- attention: one row per thing that needs attention, the most severe first.
select
    severity,
    finding,
    stream,
    teams,
    cases,
    detail,
    finding as way_out,
    seen_at,
from findings
order by severity, finding, stream, detail;
