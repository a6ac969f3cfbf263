-- One row per refund that was paid out and invoice of its payment: the part of the refund that
-- takes back what the payment paid of that invoice. Of several it is split like the payment was.
with pairs as (
    select
        refunds.refund_key,
        refunds.amount as refund_amount,
        refunds.refund_date,
        refunds.refund_month,
        refunds.refund_number,
        refunds.refunded_at,
        payments.*,
        invoices.exchange_rate,
        invoices.issue_date,
        whole.exchange_rate as payment_exchange_rate,
    from {{ ref('fct_refund') }} as refunds
    inner join {{ ref('fct_payment_invoice') }} as payments
        on refunds.payment_key = payments.payment_key
    inner join {{ ref('fct_payment') }} as whole on payments.payment_key = whole.payment_key
    inner join {{ ref('fct_cfdi') }} as invoices on payments.cfdi_key = invoices.cfdi_key
    where
        refunds.is_effective and refunds.amount is not null
        and payments.is_in_scope and payments.is_collected
        and payments.allocated_amount is not null
),

split_refunds as (
    {{ split(
        'pairs', 'refund_amount', 'payment_amount', 'refund_key', 'issue_date, cfdi_id',
        decimals_of('payment_currency_code')
    ) | indent }}
)

select
    {{ key(['refund_key', 'cfdi_id']) }} as refund_invoice_key,
    refund_key,
    payment_invoice_key,
    payment_key,
    cfdi_key,
    client_key,
    team_id,
    payment_id,
    allocation_method,
    payment_currency_code,
    currency_code,
    {{ money('split_amount') }} as refund_amount,
    {{ money(
        'case when is_at_implied_rate then '
        ~ share('split_amount', 'allocated_amount', 'payment_amount', decimals_of('currency_code'))
        ~ ' else '
        ~ in_other_currency(
            'split_amount', 'payment_currency_code', 'payment_exchange_rate',
            'currency_code', 'exchange_rate'
        ) ~ ' end'
    ) }} as allocated_amount,
    {{ to_mxn('split_amount', 'payment_currency_code', 'payment_exchange_rate') }}
        as refund_amount_mxn,
    settlement_exchange_rate,
    refund_number,
    is_in_scope,
    is_money_inflow,
    refund_date,
    refund_month,
    refunded_at,
from split_refunds
