-- One row per refund of a payment; a refunded payment that lists none counts as refunded whole.
with refunds as (
    select
        refunds.team_id,
        refunds.payment_id,
        refunds.refund_number,
        refunds.refund_id,
        refunds.status,
        refunds.status_raw,
        refunds.reason,
        refunds.currency_code,
        refunds.amount,
        coalesce(refunds.created_date, payments.updated_date) as refund_date,
        coalesce(refunds.created_at, payments.updated_at) as refunded_at,
        'listed' as refund_source,
    from {{ ref('stg_payment_refunds') }} as refunds
    inner join {{ ref('stg_payments') }} as payments
        on refunds.team_id = payments.team_id and refunds.payment_id = payments.payment_id
    union all by name
    select
        payments.team_id,
        payments.payment_id,
        1 as refund_number,
        payments.status,
        payments.status_raw,
        payments.amount,
        payments.updated_date as refund_date,
        payments.updated_at as refunded_at,
        'inferred' as refund_source,
    from {{ ref('stg_payments') }} as payments
    anti join {{ ref('stg_payment_refunds') }} as listed
        on payments.team_id = listed.team_id and payments.payment_id = listed.payment_id
    where payments.status = 'refunded'
)

select
    {{ key(['refunds.team_id', 'refunds.payment_id', 'refunds.refund_number']) }} as refund_key,
    payments.payment_key,
    payments.client_key,
    refunds.team_id,
    refunds.payment_id,
    refunds.refund_id,
    coalesce(refunds.status, 'unknown') as status,
    refunds.status_raw,
    refunds.reason,
    coalesce(refunds.currency_code, payments.currency_code) as currency_code,
    refunds.refund_source,
    cast(refunds.refund_number as integer) as refund_number,
    {{ money('refunds.amount') }} as amount,
    case
        when coalesce(refunds.currency_code, payments.currency_code) = 'MXN'
            then {{ money('refunds.amount') }}
        when refunds.currency_code = payments.currency_code or refunds.currency_code is null
            then {{ to_mxn('refunds.amount', 'payments.currency_code', 'payments.exchange_rate') }}
    end as amount_mxn,
    payments.is_in_scope,
    payments.is_collected
    and refunds.refund_date <= payments.as_of_date
    and coalesce(refunds.status, 'succeeded') not in ('pending', 'failed', 'cancelled')
        as is_effective,
    payments.is_money_inflow,
    refunds.refund_date,
    {{ month_of('refunds.refund_date') }} as refund_month,
    payments.as_of_date,
    refunds.refunded_at,
from refunds
inner join {{ ref('fct_payment') }} as payments
    on refunds.team_id = payments.team_id and refunds.payment_id = payments.payment_id
