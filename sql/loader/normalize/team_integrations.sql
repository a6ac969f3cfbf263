-- team_integrations: one row per team and provider; what the API tells of one differs by provider
-- and is kept whole in details.
-- API: GET /teams/integrations.
-- Topic: set up, and by whom.
set variable shape = '{
    "provider": "VARCHAR",
    "completed": "BOOLEAN",
    "value": "JSON",
    "livemode": "BOOLEAN",
    "created_at": "TIME",
    "created": "TIME",
    "updated_at": "TIME"
}';

create or replace temp view team_integrations as
select
    origin,
    team_id,
    as_text(o.provider) as provider,
    o.value as details,
    coalesce(o.completed, try_cast(o.value ->> '$.completed' as boolean)) as completed,
    o.livemode as livemode,
    as_time(coalesce(o.created_at, o.created)) as created_at,
    coalesce(as_time(o.updated_at), created_at) as updated_at,
    if(as_time(o.updated_at) is null, 'lifecycle', 'api') as updated_at_basis,
    row_hash,
    o._extra::json as extra,
from records;
