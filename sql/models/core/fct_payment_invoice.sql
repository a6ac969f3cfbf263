-- One row per payment and income invoice that it pays, with the part of the payment that is for it.
-- A payment of one invoice is for it as a whole; one of several is split by their open balances.
with receipts as (
    select
        team_id,
        payment_id,
        receipt_id,
    from {{ ref('stg_payment_receipts') }}
    union
    select
        team_id,
        payment_id,
        receipt_id,
    from {{ ref('stg_receipt_payments') }}
),

links as (
    select
        team_id,
        payment_id,
        invoice_id,
        1 as rank,
        'payment' as link_source,
    from {{ ref('stg_payment_invoices') }}
    union all
    select
        team_id,
        payment_id,
        invoice_id,
        2 as rank,
        'invoice' as link_source,
    from {{ ref('stg_invoice_payments') }}
    union all
    select
        payments.team_id,
        payments.payment_id,
        invoices.invoice_id,
        3 as rank,
        'receipt' as link_source,
    from receipts as payments
    inner join {{ ref('stg_receipt_invoices') }} as invoices
        on payments.team_id = invoices.team_id and payments.receipt_id = invoices.receipt_id
),

pairs as (
    select
        links.team_id,
        links.payment_id,
        named.cfdi_key,
        arg_min(links.link_source, links.rank) as link_source,
    from links
    inner join {{ ref('bridge_cfdi_reference') }} as named
        on links.team_id = named.team_id and links.invoice_id = named.reference
    where named.cfdi_type_code = 'I'
    group by all
),

candidates as (
    select
        pairs.link_source,
        payments.payment_key,
        payments.payment_id,
        payments.currency_code as payment_currency_code,
        payments.exchange_rate as payment_exchange_rate,
        payments.amount as payment_amount,
        payments.is_collected,
        payments.is_money_inflow,
        payments.is_in_scope and invoices.is_in_scope as is_in_scope,
        coalesce(payments.collected_date, payments.created_date) as payment_date,
        payments.collected_date,
        invoices.cfdi_key,
        invoices.client_key,
        invoices.team_id,
        invoices.cfdi_id,
        invoices.currency_code,
        invoices.exchange_rate,
        invoices.total,
        invoices.issue_date,
        invoices.is_valid,
        -- a replaced or cancelled invoice leaves its payment to the others that the payment names
        invoices.is_valid or not bool_or(invoices.is_valid) over one_payment as is_paid,
    from pairs
    inner join {{ ref('fct_payment') }} as payments
        on pairs.team_id = payments.team_id and pairs.payment_id = payments.payment_id
    inner join {{ ref('fct_cfdi') }} as invoices on pairs.cfdi_key = invoices.cfdi_key
    window one_payment as (partition by payments.payment_key)
),

counted as (
    select
        *,
        count(*) over (partition by payment_key) as invoices_count,
    from candidates
    where is_paid
),

singles as (
    select
        cfdi_key,
        payment_date,
        payment_amount,
    from counted
    where invoices_count = 1 and is_collected
),

-- what other payments, each of one invoice, had left open; in pesos where currencies differ
earlier as (
    select
        several.payment_key,
        several.cfdi_key,
        sum(singles.payment_amount) as paid_amount,
    from counted as several
    inner join singles
        on
            several.cfdi_key = singles.cfdi_key
            and several.payment_date >= singles.payment_date
    where several.invoices_count > 1
    group by several.payment_key, several.cfdi_key
),

weighed as (
    select
        several.*,
        cast(
            greatest(several.total - coalesce(earlier.paid_amount, 0), 0)
            * coalesce(several.exchange_rate, 1) as decimal(18, 6)
        ) as weight,
    from counted as several
    left join earlier
        on several.payment_key = earlier.payment_key and several.cfdi_key = earlier.cfdi_key
    where several.invoices_count > 1
),

split_payments as (
    {{ split(
        'weighed', 'payment_amount', 'weight', 'payment_key', 'issue_date, cfdi_key',
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
    payment_currency_code <> currency_code as is_converted,
    is_in_scope,
    is_collected,
    is_money_inflow,
    is_valid as is_invoice_valid,
    payment_date,
    collected_date,
from allocated
