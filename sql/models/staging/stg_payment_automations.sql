-- One row per automation attached to a payment.
select
    team_id,
    payment_id,
    type as automation_type,
    action,
    created_via,
    ref,
    automation_number,
from {{ source('gigstack', 'payment_automations') }}
