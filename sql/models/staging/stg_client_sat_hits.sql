-- One row per SAT list that names a client, numbered as listed.
-- `make generate` writes this view.
select
    team_id,
    client_id,
    list,
    label,
    source,
    detail,
    hit_number,
    is_risky,
from {{ source('gigstack', 'client_sat_hits') }}
