-- One row per payment that a receipt names.
-- `make generate` writes this view.
select
    team_id,
    receipt_id,
    payment_id,
from {{ source('gigstack', 'receipt_payments') }}
