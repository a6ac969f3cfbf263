-- One row per method that a payment may be made with.
-- `make generate` writes this view.
select
    team_id,
    payment_id,
    method,
from {{ source('gigstack', 'payment_allowed_methods') }}
