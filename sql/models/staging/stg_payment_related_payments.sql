-- One row per other payment that a payment names.
-- `make generate` writes this view.
select
    team_id,
    payment_id,
    related_payment_id,
from {{ source('gigstack', 'payment_related_payments') }}
