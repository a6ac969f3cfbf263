-- One row per automation attached to an invoice.
-- `make generate` writes this view.
select
    team_id,
    invoice_id,
    type as automation_type,
    action,
    created_via,
    ref,
    automation_number,
from {{ source('gigstack', 'invoice_automations') }}
