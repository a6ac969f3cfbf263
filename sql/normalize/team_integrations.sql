-- team_integrations: one row per team and provider; what it tells beyond completed is extra.
-- API: GET /teams/integrations.
set variable shape = '{
    "provider": "VARCHAR",
    "completed": "BOOLEAN",
    "livemode": "BOOLEAN",
    "created_at": "TIME",
    "created": "TIME"
}';

create or replace temp view team_integrations as
select
    origin,
    team_id,
    as_text(o.provider) as provider,
    o.completed as completed,
    o.livemode as livemode,
    as_time(coalesce(o.created_at, o.created)) as created_at,
    as_time(coalesce(o.created_at, o.created)) as updated_at,
    'lifecycle' as updated_at_basis,
    row_hash,
    o._extra::json as extra,
from records;
