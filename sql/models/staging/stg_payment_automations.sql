-- One row per automation attached to a payment, numbered as listed.
-- `make generate` writes this view.
select
    team_id,
    payment_id,
    type as automation_type,
    action,
    created_via,
    ref,
    automation_number,
from {{ source('gigstack', 'payment_automations') }}
