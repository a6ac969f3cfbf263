-- One row per team and series, with the folio counter of each mode.
-- `make generate` writes this view.
select
    team_id,
    run_id,
    series,
    updated_at_basis,
    live_folio,
    test_folio,
    livemode as is_live,
    {{ local_date('created_at') }} as created_date,
    {{ local_date('updated_at') }} as updated_date,
    {{ local_date('deleted_at') }} as deleted_date,
    created_at,
    updated_at,
    deleted_at,
    loaded_at,
from {{ source('gigstack', 'team_series') }}
