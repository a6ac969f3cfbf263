-- One row per record that the loader could not take.
select
    team_id,
    run_id,
    stream,
    reason,
    field,
    {{ local_date('seen_at') }} as seen_date,
    seen_at,
from {{ source('ops', 'rejects') }}
