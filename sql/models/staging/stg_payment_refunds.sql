-- One row per refund of a payment, numbered as listed.
-- `make generate` writes this view.
select
    team_id,
    payment_id,
    refund_id,
    status,
    status_raw,
    reason,
    {{ listed('currency', 'c_Moneda') }} as currency_code,
    items,
    refund_number,
    amount,
    {{ local_date('created_at') }} as created_date,
    created_at,
from {{ source('gigstack', 'payment_refunds') }}
