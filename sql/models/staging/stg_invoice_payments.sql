-- One row per payment that an invoice names.
select
    team_id,
    invoice_id,
    payment_id,
from {{ source('gigstack', 'invoice_payments') }}
