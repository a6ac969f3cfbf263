-- cfdi_errors: one row per error that SAT or the PAC may answer, a reference list.
-- API: GET /invoices/cfdi-errors (path probed).
set variable shape = '{
    "code": "VARCHAR",
    "description": "VARCHAR",
    "explanation": "VARCHAR",
    "solution": "VARCHAR",
    "type": "VARCHAR",
    "livemode": "BOOLEAN",
    "created_at": "TIME",
    "created": "TIME"
}';

create or replace temp view cfdi_errors as
select
    origin,
    team_id,
    as_text(trim(o.code)) as code,
    as_text(o.description) as description,
    as_text(o.explanation) as explanation,
    as_text(o.solution) as solution,
    as_text(o.type) as type,
    o.livemode as livemode,
    as_time(coalesce(o.created_at, o.created)) as created_at,
    as_time(coalesce(o.created_at, o.created)) as updated_at,
    'lifecycle' as updated_at_basis,
    row_hash,
    o._extra::json as extra,
from records;
