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

named as (
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
        invoices.payment_method_code,
        invoices.currency_code,
        invoices.exchange_rate,
        invoices.total,
        invoices.issue_date,
        invoices.is_valid,
        {{ in_other_currency(
            'payments.amount', 'payments.currency_code', 'payments.exchange_rate',
            'invoices.currency_code', 'invoices.exchange_rate'
        ) }} as converted_amount,
    from pairs
    inner join {{ ref('fct_payment') }} as payments
        on pairs.team_id = payments.team_id and pairs.payment_id = payments.payment_id
    inner join {{ ref('fct_cfdi') }} as invoices on pairs.cfdi_key = invoices.cfdi_key
    where invoices.is_stamped
),

-- a replaced or cancelled invoice leaves its payment to the others that the payment names
candidates as (
    {{ payable('named', 'payment_key', 'converted_amount', 'payment_currency_code') | indent }}
),

counted as (
    select
        *,
        count(*) over (partition by payment_key) as invoices_count,
    from candidates
),

complements as (
    select
        payments.payment_key,
        payments.cfdi_key,
        sum(paid.paid_amount) as amount,
    from counted as payments
    inner join {{ ref('fct_rep_document') }} as paid
        on payments.cfdi_key = paid.cfdi_key and payments.payment_date > paid.payment_date
    where payments.invoices_count > 1 and payments.payment_method_code = 'PPD' and paid.is_effective
    group by payments.payment_key, payments.cfdi_key
),

credits as (
    select
        payments.payment_key,
        payments.cfdi_key,
        sum(notes.allocated_amount) as amount,
    from counted as payments
    inner join {{ ref('fct_credit_note_invoice') }} as notes
        on payments.cfdi_key = notes.cfdi_key and payments.payment_date >= notes.credit_note_date
    where payments.invoices_count > 1 and notes.is_effective
    group by payments.payment_key, payments.cfdi_key
),

weighed as (
    select
        counted.*,
        greatest(
            counted.total - coalesce(complements.amount, 0) - coalesce(credits.amount, 0), 0
        ) as open_amount,
    from counted
    left join complements
        on
            counted.payment_key = complements.payment_key
            and counted.cfdi_key = complements.cfdi_key
    left join credits
        on counted.payment_key = credits.payment_key and counted.cfdi_key = credits.cfdi_key
),

split_payments as (
    {{ split_capped('weighed', 'converted_amount', 'payment_key') | indent }}
),

allocated as (
    select
        * exclude (payment_amount),
        case
            when payment_currency_code = currency_code then allocated_amount
            when invoices_count = 1 then payment_amount
            else {{ share('payment_amount', 'allocated_amount', 'converted_amount') }}
        end as payment_amount,
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
    if(invoices_count = 1, 'single', 'prorata') as allocation_method,
    payment_currency_code,
    currency_code,
    {{ money('payment_amount') }} as payment_amount,
    {{ money('allocated_amount') }} as allocated_amount,
    {{ to_mxn('payment_amount', 'payment_currency_code', 'payment_exchange_rate') }}
        as payment_amount_mxn,
    payment_currency_code <> currency_code as is_converted,
    is_in_scope,
    is_collected,
    is_money_inflow,
    is_valid as is_invoice_valid,
    payment_date,
    collected_date,
from allocated
