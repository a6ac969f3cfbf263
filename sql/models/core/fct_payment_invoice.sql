-- One row per payment and income invoice that it pays, with the part of the payment that is for it.
-- A payment of one invoice is for it as a whole; one of several is split by their open balances.
with counted as (
    select *,
    from {{ ref('bridge_payment_invoice') }}
),

-- what has settled an invoice before: payments for it alone, and notes in effect
settled as (
    select
        cfdi_key,
        payment_date as settled_date,
        converted_amount as amount,
    from counted
    where invoices_count = 1 and is_collected
    union all
    select
        cfdi_key,
        credit_note_date as settled_date,
        allocated_amount as amount,
    from {{ ref('fct_credit_note_invoice') }}
    where is_effective
),

earlier as (
    select
        several.payment_key,
        several.cfdi_key,
        sum(settled.amount) as settled_amount,
    from counted as several
    inner join settled
        on
            several.cfdi_key = settled.cfdi_key
            and several.payment_date >= settled.settled_date
    where several.invoices_count > 1
    group by several.payment_key, several.cfdi_key
),

-- what of each was open on the day, and its total, in the currency of the payment
weighed as (
    select
        several.*,
        {{ in_other_currency(
            'greatest(several.total - coalesce(earlier.settled_amount, 0), 0)',
            'several.currency_code', 'several.exchange_rate',
            'several.payment_currency_code', 'several.payment_exchange_rate'
        ) }} as open_amount,
        {{ in_other_currency(
            'several.total', 'several.currency_code', 'several.exchange_rate',
            'several.payment_currency_code', 'several.payment_exchange_rate'
        ) }} as whole_amount,
    from counted as several
    left join earlier
        on several.payment_key = earlier.payment_key and several.cfdi_key = earlier.cfdi_key
    where several.invoices_count > 1
),

-- by the totals where nothing is open
weighted as (
    select
        *,
        if(
            sum(open_amount) over (partition by payment_key) > 0, open_amount, whole_amount
        ) as weight,
    from weighed
),

split_payments as (
    {{ split(
        'weighted', 'payment_amount', 'weight', 'payment_key', 'issue_date, cfdi_id',
        decimals_of('payment_currency_code')
    ) | indent }}
),

allocated as (
    select
        *,
        payment_amount as split_amount,
        'single' as allocation_method,
    from counted
    where invoices_count = 1
    union all by name
    select
        *,
        'prorata' as allocation_method,
    from split_payments
)

select
    {{ key(['team_id', 'payment_id', 'cfdi_id']) }} as payment_invoice_key,
    payment_key,
    cfdi_key,
    client_key,
    team_id,
    payment_id,
    cfdi_id,
    link_source,
    allocation_method,
    payment_currency_code,
    currency_code,
    {{ money('split_amount') }} as payment_amount,
    {{ money(in_other_currency(
        'split_amount', 'payment_currency_code', 'payment_exchange_rate',
        'currency_code', 'exchange_rate'
    )) }} as allocated_amount,
    {{ to_mxn('split_amount', 'payment_currency_code', 'payment_exchange_rate') }}
        as payment_amount_mxn,
    try_cast(
        if(payment_currency_code = currency_code, payment_exchange_rate, exchange_rate)
        as decimal(18, 6)
    ) as settlement_exchange_rate,
    payment_currency_code <> currency_code as is_converted,
    is_in_scope,
    is_collected,
    is_money_inflow,
    is_invoice_valid,
    payment_date,
    collected_date,
    collected_at,
from allocated
