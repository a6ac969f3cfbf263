-- One row per rule that rows of a table do not keep to: where, in how many rows, since when, and up
-- to three examples.
select
    table_name,
    rule,
    column_name,
    list(distinct key order by key)[1:3] as examples,
    sum(rows_found)::bigint as rows_found,
    list(distinct team_id order by team_id) as teams,
    min(timezone('America/Mexico_City', first_seen_at))::date as since,
from ops.findings
group by table_name, rule, column_name
order by table_name, rule, column_name
