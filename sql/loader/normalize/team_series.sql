-- team_series: one row per team and series, with the folio counter of each mode.
-- API: GET /teams/{team}/series.
-- Topic: set up, and by whom.
set variable shape = '{
    "series": "VARCHAR",
    "serie": "VARCHAR",
    "live": "BIGINT",
    "test": "BIGINT",
    "value": {"live": "BIGINT", "test": "BIGINT", "updated_at": "TIME"},
    "livemode": "BOOLEAN",
    "created_at": "TIME",
    "created": "TIME",
    "updated_at": "TIME"
}';

create or replace temp view team_series as
select
    origin,
    team_id,
    as_text(coalesce(o.series, o.serie)) as series,
    coalesce(o.live, o.value.live) as live_folio,
    coalesce(o.test, o.value.test) as test_folio,
    o.livemode as livemode,
    as_time(coalesce(o.created_at, o.created)) as created_at,
    coalesce(as_time(coalesce(o.updated_at, o.value.updated_at)), created_at) as updated_at,
    if(as_time(coalesce(o.updated_at, o.value.updated_at)) is null, 'lifecycle', 'api')
        as updated_at_basis,
    row_hash,
    o._extra::json as extra,
from records;
