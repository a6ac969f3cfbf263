-- webhooks: one row per webhook of a team. API: GET /webhooks.
-- The query string of its url may hold a token: it is not stored.
-- Topic: set up, and by whom.
-- version (not personal): Version of the API that the webhook speaks.
set variable shape = '{
    "id": "VARCHAR",
    "url": "VARCHAR",
    "events": ["VARCHAR"],
    "status": "VARCHAR",
    "description": "VARCHAR",
    "version": "VARCHAR",
    "type": "VARCHAR",
    "revision": "VARCHAR",
    "effect_scope": "VARCHAR",
    "security": "JSON",
    "signing": "JSON",
    "owner": "VARCHAR",
    "team": "VARCHAR",
    "livemode": "BOOLEAN",
    "created_at": "TIME",
    "created": "TIME",
    "updated_at": "TIME"
}';

create or replace temp view webhooks as
select
    origin,
    team_id,
    as_text(o.id) as webhook_id,
    as_text(split_part(o.url, '?', 1)) as url,
    as_status(o.status) as status,
    o.status as status_raw,
    as_text(o.description) as description,
    as_text(o.version) as version,
    as_text(o.type) as type,
    as_text(o.revision) as revision,
    as_text(o.effect_scope) as effect_scope,
    as_text(o.owner) as owner,
    as_text(o.team) as team,
    o.security as security,
    o.signing as signing,
    contains(o.url, '?') as has_url_query,
    o.livemode as livemode,
    as_time(coalesce(o.created_at, o.created)) as created_at,
    coalesce(as_time(o.updated_at), created_at) as updated_at,
    if(as_time(o.updated_at) is null, 'lifecycle', 'api') as updated_at_basis,
    row_hash,
    o._extra::json as extra,
from records;

-- webhook_events: one row per event that a webhook listens to.
create or replace temp view webhook_events as
select distinct
    origin,
    team_id,
    as_text(o.id) as webhook_id,
    unnest(list_filter(o.events, lambda id: id <> '')) as event,
    null::json as extra,
from records;
