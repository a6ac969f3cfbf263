-- One row per receipt that a payment names.
select
    team_id,
    payment_id,
    receipt_id,
from {{ source('gigstack', 'payment_receipts') }}
