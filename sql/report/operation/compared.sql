-- compared: one row per list of the API: what was compared when it was last read.
select
    stream,
    count(distinct team_id) as team_count,
    sum(api_value) filter (measure = 'rows')::bigint as api_rows,
    sum(warehouse_value) filter (measure = 'rows')::bigint as warehouse_rows,
    count(*) filter (measure <> 'rows') as totals_compared,
    count(*) filter (difference <> 0) as differences,
    max(compared_at) as compared_at,
from newest_comparisons
group by stream
order by stream;
