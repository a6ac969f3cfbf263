-- One row per other payment that a payment names.
select
    team_id,
    payment_id,
    related_payment_id,
from {{ source('gigstack', 'payment_related_payments') }}
