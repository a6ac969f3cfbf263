-- One row per payment that an invoice names.
-- `make generate` writes this view.
select
    team_id,
    invoice_id,
    payment_id,
from {{ source('gigstack', 'invoice_payments') }}
