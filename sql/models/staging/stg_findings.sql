-- One row per row or value that breaks a rule of the data tests, as of the last build.
select
    team_id,
    table_name,
    rule,
    column_name,
    key,
    rows_found,
    first_seen_at,
    last_seen_at,
from {{ source('ops', 'findings') }}
