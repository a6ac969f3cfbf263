-- One row per team and provider; what the API tells of one differs by provider and is kept whole in
-- details.
-- `make generate` writes this view.
select
    team_id,
    run_id,
    provider,
    updated_at_basis,
    details,
    completed,
    livemode as is_live,
    {{ local_date('created_at') }} as created_date,
    {{ local_date('updated_at') }} as updated_date,
    {{ local_date('deleted_at') }} as deleted_date,
    created_at,
    updated_at,
    deleted_at,
    loaded_at,
from {{ source('gigstack', 'team_integrations') }}
