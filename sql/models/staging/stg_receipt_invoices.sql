-- One row per invoice that a receipt names.
-- `make generate` writes this view.
select
    team_id,
    receipt_id,
    invoice_id,
from {{ source('gigstack', 'receipt_invoices') }}
