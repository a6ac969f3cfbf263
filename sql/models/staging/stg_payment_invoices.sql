-- One row per invoice that a payment names.
select
    team_id,
    payment_id,
    invoice_id,
from {{ source('gigstack', 'payment_invoices') }}
