-- cfdi_errors: one row per error that SAT or the PAC may answer: a reference list, not failures
-- of a team.
-- API: GET /invoices/cfdi-errors (path probed).
-- Topic: wrong with a CFDI, on a list.
-- code as error_code (not personal): SAT's code of the error.
-- description (not personal): What SAT says of the error.
-- explanation (not personal): What the error means.
-- solution (not personal): What to do about it.
-- type as error_type (not personal): Whose fault it is: invoice, receiver, sender or unknown.
set variable shape = '{
    "code": "VARCHAR",
    "description": "VARCHAR",
    "explanation": "VARCHAR",
    "solution": "VARCHAR",
    "type": "VARCHAR",
    "livemode": "BOOLEAN",
    "created_at": "TIME",
    "created": "TIME",
    "updated_at": "TIME"
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
    coalesce(as_time(o.updated_at), created_at) as updated_at,
    if(as_time(o.updated_at) is null, 'lifecycle', 'api') as updated_at_basis,
    row_hash,
    o._extra::json as extra,
from records;
