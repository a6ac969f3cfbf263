-- One row per client and SAT list that names it, as the API found it when it last asked.
select
    {{ key(['team_id', 'client_id', 'hit_number']) }} as client_sat_hit_key,
    {{ key(['team_id', 'client_id']) }} as client_key,
    team_id,
    client_id,
    list as sat_list,
    label as sat_list_label,
    cast(hit_number as integer) as hit_number,
    true as is_in_scope,
from {{ ref('stg_client_sat_hits') }}
