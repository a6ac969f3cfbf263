-- One row per error that SAT or the PAC may answer: a reference list, not failures of a team.
-- `make generate` writes this view.
select
    team_id,
    run_id,
    code as error_code,
    description,
    explanation,
    solution,
    type as error_type,
    updated_at_basis,
    livemode as is_live,
    {{ local_date('created_at') }} as created_date,
    {{ local_date('updated_at') }} as updated_date,
    {{ local_date('deleted_at') }} as deleted_date,
    created_at,
    updated_at,
    deleted_at,
    loaded_at,
from {{ source('gigstack', 'cfdi_errors') }}
