-- One row per payment complement (REP), payment that it names and invoice that it pays. Tier 2 of
-- evidence: the API shows which payments and invoices a complement belongs to, and its total, not
-- the amounts inside it. Of one invoice the total is its amount; of several, what the payments paid
-- of them when that adds up to the total. Else it is split, which is an estimate and no evidence.
with allocated as (
    select
        invoice_links.rep_cfdi_key,
        invoice_links.cfdi_key,
        pairs.payment_key,
        pairs.payment_amount,
        pairs.allocated_amount as part_amount,
    from {{ ref('bridge_rep_invoice') }} as invoice_links
    inner join {{ ref('bridge_rep_payment') }} as payment_links
        on invoice_links.rep_cfdi_key = payment_links.rep_cfdi_key
    inner join {{ ref('fct_payment_invoice') }} as pairs
        on payment_links.payment_key = pairs.payment_key and invoice_links.cfdi_key = pairs.cfdi_key
    where pairs.allocated_amount is not null
),

-- the payments of a complement that pay the invoice; where none does, all of its payments
paired as (
    select *, from allocated
    union all by name
    select
        invoice_links.rep_cfdi_key,
        invoice_links.cfdi_key,
        payment_links.payment_key,
    from {{ ref('bridge_rep_invoice') }} as invoice_links
    anti join allocated
        on
            invoice_links.rep_cfdi_key = allocated.rep_cfdi_key
            and invoice_links.cfdi_key = allocated.cfdi_key
    left join {{ ref('bridge_rep_payment') }} as payment_links
        on invoice_links.rep_cfdi_key = payment_links.rep_cfdi_key
),

named as (
    select
        reps.rep_cfdi_key,
        reps.rep_id,
        reps.team_id,
        reps.rep_issue_date,
        reps.reported_total,
        reps.rep_currency_code,
        reps.rep_exchange_rate,
        reps.is_effective,
        reps.reversed_date,
        reps.invoices_count = 1 as is_of_one,
        invoices.cfdi_key,
        invoices.client_key,
        invoices.cfdi_id,
        invoices.currency_code,
        invoices.exchange_rate,
        invoices.total,
        invoices.issue_date,
        paired.payment_key,
        paired.payment_amount as allocated_amount,
        paired.part_amount,
        payments.payment_id,
        payments.amount as payment_amount,
        payments.currency_code as payment_currency_code,
        payments.exchange_rate as payment_exchange_rate,
        payments.collected_at,
        coalesce(payments.is_money_inflow, true) as is_money_inflow,
        coalesce(payments.collected_date, reps.rep_issue_date) as payment_date,
        if(payments.collected_date is null, 'rep_issue', 'payment') as payment_date_source,
    from paired
    inner join {{ ref('bridge_rep_invoice') }} as reps
        on paired.rep_cfdi_key = reps.rep_cfdi_key and paired.cfdi_key = reps.cfdi_key
    inner join {{ ref('fct_cfdi') }} as invoices on paired.cfdi_key = invoices.cfdi_key
    left join {{ ref('fct_payment') }} as payments on paired.payment_key = payments.payment_key
),

-- what was paid: a payment of no invoice is for the one that its complement names
known as (
    select
        *,
        coalesce(rep_currency_code, payment_currency_code, currency_code) as paid_currency_code,
        case
            when rep_currency_code is null and payment_key is null then exchange_rate
            when rep_currency_code is null then payment_exchange_rate
            when rep_currency_code = payment_currency_code
                then coalesce(rep_exchange_rate, payment_exchange_rate)
            else rep_exchange_rate
        end as paid_exchange_rate,
        case
            when rep_currency_code <> payment_currency_code then null
            when is_of_one then coalesce(allocated_amount, payment_amount)
            else allocated_amount
        end as known_amount,
    from named
),

-- a total is of one money; where the payments were in several, each tells its own
summed as (
    select
        *,
        count(*) over one_rep as rows_count,
        if(
            bool_and(known_amount is not null) over one_rep, sum(known_amount) over one_rep, null
        ) as known_total,
        if(
            min(paid_currency_code) over one_rep = max(paid_currency_code) over one_rep,
            reported_total,
            null
        ) as told_total,
    from known
    window one_rep as (partition by rep_cfdi_key)
),

documented as (
    select
        *,
        coalesce(told_total, known_total) as rep_amount,
        coalesce(
            known_amount,
            {{ in_other_currency(
                'total', 'currency_code', 'exchange_rate', 'paid_currency_code',
                'paid_exchange_rate'
            ) }},
            total
        ) as weight,
    from summed
),

sourced as (
    select
        *,
        case
            when rep_amount is null then 'none'
            when rep_amount = known_total then 'payment'
            when rows_count = 1 then 'rep_total'
            else 'prorata'
        end as amount_source,
    from documented
),

several as (
    select *, from sourced
    where amount_source = 'prorata'
),

split_reps as (
    {{ split(
        'several', 'rep_amount', 'weight', 'rep_cfdi_key',
        'issue_date, cfdi_id, collected_at, payment_id', decimals_of('paid_currency_code')
    ) | indent }}
),

amounts as (
    select
        *,
        if(amount_source = 'payment', known_amount, rep_amount) as split_amount,
    from sourced
    where amount_source <> 'prorata'
    union all by name
    select *, from split_reps
),

converted as (
    select
        *,
        -- what is just the part of a payment is worth what that is worth
        if(
            split_amount = allocated_amount and paid_currency_code = payment_currency_code,
            part_amount,
            {{ in_other_currency(
                'split_amount', 'paid_currency_code', 'paid_exchange_rate',
                'currency_code', 'exchange_rate'
            ) }}
        ) as paid_amount,
    from amounts
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
    try_cast(paid_exchange_rate as decimal(18, 6)) as paid_exchange_rate,
    {{ money('paid_amount') }} as paid_amount,
    {{ to_mxn('split_amount', 'paid_currency_code', 'paid_exchange_rate') }} as paid_amount_mxn,
    try_cast(
        if(paid_currency_code = currency_code, paid_exchange_rate, exchange_rate) as decimal(18, 6)
    ) as settlement_exchange_rate,
    if(
        paid_amount is not null and (is_of_one or amount_source = 'payment'), 2, null
    ) as evidence_tier,
    is_effective,
    is_money_inflow,
    true as is_in_scope,
    payment_date,
    rep_issue_date,
    {{ rep_due_date('payment_date') }} as rep_due_date,
    reversed_date,
    collected_at,
from converted
