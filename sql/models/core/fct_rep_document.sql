-- One row per payment complement (REP), payment that it names and invoice that it pays. Tier 2 of
-- evidence: the API shows which payment and invoice a complement belongs to and its total, not the
-- amounts inside it. Of one invoice the total is its amount; of several it is split.
with reps as (
    select *, from {{ ref('fct_cfdi') }}
    where cfdi_type_code = 'P' and is_in_scope and is_stamped
),

invoices as (
    select *, from {{ ref('fct_cfdi') }}
    where cfdi_type_code = 'I' and is_in_scope
),

-- either of the two may name the other
links as (
    select
        team_id,
        invoice_id as reference,
        linked_invoice_id as other_reference,
    from {{ ref('stg_invoice_links') }}
    union all
    select
        team_id,
        linked_invoice_id as reference,
        invoice_id as other_reference,
    from {{ ref('stg_invoice_links') }}
),

invoice_links as (
    select distinct
        rep.cfdi_key as rep_cfdi_key,
        invoice.cfdi_key,
    from links
    inner join {{ ref('bridge_cfdi_reference') }} as rep
        on links.team_id = rep.team_id and links.reference = rep.reference
    inner join {{ ref('bridge_cfdi_reference') }} as invoice
        on links.team_id = invoice.team_id and links.other_reference = invoice.reference
    where rep.cfdi_type_code = 'P' and invoice.cfdi_type_code = 'I'
),

named_payments as (
    select
        team_id,
        payment_id,
        invoice_id,
    from {{ ref('stg_invoice_payments') }}
    union
    select
        team_id,
        payment_id,
        invoice_id,
    from {{ ref('stg_payment_invoices') }}
),

payment_links as (
    select
        named.cfdi_key as rep_cfdi_key,
        payments.payment_key,
    from named_payments as links
    inner join {{ ref('bridge_cfdi_reference') }} as named
        on links.team_id = named.team_id and links.invoice_id = named.reference
    inner join {{ ref('fct_payment') }} as payments
        on links.team_id = payments.team_id and links.payment_id = payments.payment_id
    where named.cfdi_type_code = 'P'
),

allocations as (
    select
        payment_links.rep_cfdi_key,
        pairs.cfdi_key,
        pairs.payment_key,
        pairs.payment_amount,
    from payment_links
    inner join {{ ref('fct_payment_invoice') }} as pairs
        on payment_links.payment_key = pairs.payment_key
),

only_payment as (
    select
        rep_cfdi_key,
        any_value(payment_key) as payment_key,
    from payment_links
    group by rep_cfdi_key
    having count(*) = 1
),

-- the payments of a complement that pay the invoice; else its only payment; else none
paired as (
    select
        invoice_links.rep_cfdi_key,
        invoice_links.cfdi_key,
        coalesce(allocations.payment_key, only_payment.payment_key) as payment_key,
        allocations.payment_amount as allocated_amount,
    from invoice_links
    left join allocations
        on
            invoice_links.rep_cfdi_key = allocations.rep_cfdi_key
            and invoice_links.cfdi_key = allocations.cfdi_key
    left join only_payment
        on invoice_links.rep_cfdi_key = only_payment.rep_cfdi_key
),

documented as (
    select
        reps.cfdi_key as rep_cfdi_key,
        reps.cfdi_id as rep_id,
        reps.team_id,
        reps.issue_date as rep_issue_date,
        invoices.cfdi_key,
        invoices.client_key,
        invoices.cfdi_id,
        invoices.currency_code,
        invoices.exchange_rate,
        paired.payment_key,
        payments.payment_id,
        coalesce(payments.is_money_inflow, true) as is_money_inflow,
        -- by law a complement's own currency is XXX
        coalesce(
            nullif(reps.currency_code, 'XXX'), payments.currency_code, invoices.currency_code
        ) as paid_currency_code,
        coalesce(
            if(reps.currency_code = 'XXX', null, reps.exchange_rate),
            payments.exchange_rate,
            invoices.exchange_rate
        ) as paid_exchange_rate,
        coalesce(payments.collected_date, reps.issue_date) as payment_date,
        if(payments.collected_date is null, 'rep_issue', 'payment') as payment_date_source,
        least(reps.cancelled_date, if(reps.is_replaced, reps.replaced_date, null)) as reversed_date,
        coalesce(paired.allocated_amount, payments.amount) as known_amount,
        coalesce(paired.allocated_amount, payments.amount, invoices.total) as weight,
        coalesce(
            nullif(reps.reported_total, 0),
            sum(coalesce(paired.allocated_amount, payments.amount)) over one_rep
        ) as rep_amount,
        sum(coalesce(paired.allocated_amount, payments.amount)) over one_rep as known_total,
        count(*) over one_rep as rows_count,
    from paired
    inner join reps on paired.rep_cfdi_key = reps.cfdi_key
    inner join invoices on paired.cfdi_key = invoices.cfdi_key
    left join {{ ref('fct_payment') }} as payments on paired.payment_key = payments.payment_key
    window one_rep as (partition by reps.cfdi_key)
),

several as (
    select *, from documented
    where rows_count > 1 and rep_amount is distinct from known_total and rep_amount is not null
),

split_reps as (
    {{ split(
        'several', 'rep_amount', 'weight', 'rep_cfdi_key', 'cfdi_key, payment_key',
        decimals_of('paid_currency_code')
    ) | indent }}
),

amounts as (
    select
        *,
        if(rows_count = 1, rep_amount, known_amount) as split_amount,
        case
            when rep_amount is null then 'none'
            when rows_count = 1 and coalesce(known_total <> rep_amount, true) then 'rep_total'
            else 'payment'
        end as amount_source,
    from documented
    where rows_count = 1 or rep_amount is not distinct from known_total or rep_amount is null
    union all by name
    select
        *,
        'prorata' as amount_source,
    from split_reps
)

select
    {{ key(['team_id', 'rep_id', 'payment_id', 'cfdi_id']) }} as rep_document_key,
    rep_cfdi_key,
    coalesce(payment_key, 'unknown') as payment_key,
    cfdi_key,
    client_key,
    team_id,
    rep_id,
    payment_id,
    cfdi_id,
    paid_currency_code,
    currency_code,
    amount_source,
    payment_date_source,
    cast(paid_exchange_rate as decimal(18, 6)) as paid_exchange_rate,
    {{ money(in_other_currency(
        'split_amount', 'paid_currency_code', 'paid_exchange_rate', 'currency_code', 'exchange_rate'
    )) }} as paid_amount,
    {{ to_mxn('split_amount', 'paid_currency_code', 'paid_exchange_rate') }} as paid_amount_mxn,
    cast(
        if(paid_currency_code = currency_code, paid_exchange_rate, exchange_rate) as decimal(18, 6)
    ) as settlement_exchange_rate,
    2 as evidence_tier,
    reversed_date is null as is_effective,
    is_money_inflow,
    true as is_in_scope,
    payment_date,
    rep_issue_date,
    {{ rep_due_date('payment_date') }} as rep_due_date,
    reversed_date,
from amounts
