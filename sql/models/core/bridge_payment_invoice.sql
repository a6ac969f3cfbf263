-- One row per payment and income invoice that it pays, before any amount: who shares the payment.
-- Whoever names a replaced invoice means the one that stands.
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
        coalesce(standing.standing_cfdi_key, named.cfdi_key) as cfdi_key,
        arg_min(links.link_source, links.rank) as link_source,
        bool_and(coalesce(standing.standing_cfdi_key <> named.cfdi_key, false)) as is_redirected,
    from links
    inner join {{ ref('bridge_cfdi_reference') }} as named
        on links.team_id = named.team_id and links.invoice_id = named.reference
    left join {{ ref('bridge_cfdi_standing') }} as standing on named.cfdi_key = standing.cfdi_key
    where named.cfdi_type_code = 'I'
    group by all
),

candidates as (
    select
        pairs.link_source,
        pairs.is_redirected,
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
        payments.collected_at,
        invoices.cfdi_key,
        invoices.client_key,
        invoices.team_id,
        invoices.cfdi_id,
        invoices.currency_code,
        invoices.exchange_rate,
        invoices.total,
        invoices.last_balance,
        invoices.issue_date,
        invoices.is_valid,
        case
            when invoices.is_valid then 1
            when invoices.is_in_scope and invoices.is_stamped then 2
            else 3
        end as standing,
    from pairs
    inner join {{ ref('fct_payment') }} as payments
        on pairs.team_id = payments.team_id and pairs.payment_id = payments.payment_id
    inner join {{ ref('fct_cfdi') }} as invoices on pairs.cfdi_key = invoices.cfdi_key
),

-- a cancelled invoice leaves its payment to the others that the payment names
valued as (
    select
        *,
        {{ in_other_currency(
            'payment_amount', 'payment_currency_code', 'payment_exchange_rate',
            'currency_code', 'exchange_rate'
        ) }} as converted_amount,
    from candidates
    qualify standing = min(standing) over (partition by payment_key)
),

-- what cannot be converted takes no part while others can
convertible as (
    select *,
    from valued
    qualify
        converted_amount is not null
        or not bool_or(converted_amount is not null) over (partition by payment_key)
),

counted as (
    select
        *,
        count(*) over (partition by payment_key) as invoices_count,
    from convertible
)

select
    payment_key,
    cfdi_key,
    client_key,
    team_id,
    payment_id,
    cfdi_id,
    link_source,
    payment_currency_code,
    currency_code,
    payment_amount,
    {{ money('converted_amount') }} as converted_amount,
    total,
    last_balance,
    payment_exchange_rate,
    exchange_rate,
    cast(invoices_count as integer) as invoices_count,
    is_in_scope,
    is_collected,
    is_money_inflow,
    is_redirected,
    is_valid as is_invoice_valid,
    issue_date,
    payment_date,
    collected_date,
    collected_at,
from counted
