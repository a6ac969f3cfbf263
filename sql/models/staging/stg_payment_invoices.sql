-- One row per invoice that a payment names.
-- `make generate` writes this view.
select
    team_id,
    payment_id,
    invoice_id,
from {{ source('gigstack', 'payment_invoices') }}
