-- sat_lists: one row per list of taxpayers that SAT publishes, and when gigstack last read it.
-- API: GET /sat-lists (path probed; the fields are inferred).
-- Topic: wrong with a CFDI, on a list.
-- name (not personal): What the list is called.
-- label (not personal): What the list is called in short.
-- description (not personal): What the list is for.
-- source (not personal): Where SAT publishes the list.
set variable shape = '{
    "id": "VARCHAR",
    "key": "VARCHAR",
    "name": "VARCHAR",
    "label": "VARCHAR",
    "source": "VARCHAR",
    "description": "VARCHAR",
    "status": "VARCHAR",
    "records": "BIGINT",
    "count": "BIGINT",
    "last_synced_at": "TIME",
    "synced_at": "TIME",
    "livemode": "BOOLEAN",
    "created_at": "TIME",
    "created": "TIME",
    "updated_at": "TIME"
}';

create or replace temp view sat_lists as
select
    origin,
    team_id,
    coalesce(as_text(o.id), as_text(o.key), as_text(o.name)) as list_id,
    as_text(o.name) as name,
    as_text(o.label) as label,
    as_text(o.description) as description,
    as_text(o.source) as source,
    as_status(o.status) as status,
    o.status as status_raw,
    coalesce(o.records, o.count) as record_count,
    o.livemode as livemode,
    as_time(coalesce(o.last_synced_at, o.synced_at)) as last_synced_at,
    as_time(coalesce(o.created_at, o.created)) as created_at,
    coalesce(as_time(o.updated_at), greatest(created_at, last_synced_at)) as updated_at,
    if(as_time(o.updated_at) is null, 'lifecycle', 'api') as updated_at_basis,
    row_hash,
    o._extra::json as extra,
from records;
