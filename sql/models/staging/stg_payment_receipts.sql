-- One row per receipt that a payment names.
-- `make generate` writes this view.
select
    team_id,
    payment_id,
    receipt_id,
from {{ source('gigstack', 'payment_receipts') }}
