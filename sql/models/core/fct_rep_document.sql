-- One row per payment complement (REP) and invoice that it pays. The API shows which payments and
-- invoices a complement belongs to and its total, not the amounts inside it. Of one invoice the
-- total is its amount (tier 2 of evidence); of several it is split by their totals and is no proof.
-- Complements of a later day than the as-of day are here too, out of scope.
with reps as (
    select *, from {{ ref('fct_cfdi') }}
    where
        cfdi_type_code = 'P' and is_live and not is_deleted
        and (is_stamped or created_date > as_of_date)
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

payments as (
    select
        named.rep_cfdi_key,
        count(*) as payments_count,
        any_value(named.payment_key) as payment_key,
        any_value(named.payment_id) as payment_id,
        sum(payments.amount) as amount,
        max(payments.collected_date) as collected_date,
        any_value(payments.currency_code) as currency_code,
        any_value(payments.exchange_rate) as exchange_rate,
        bool_or(payments.is_money_inflow) as is_money_inflow,
    from {{ ref('bridge_rep_payment') }} as named
    inner join {{ ref('fct_payment') }} as payments on named.payment_key = payments.payment_key
    where payments.is_collected
    group by named.rep_cfdi_key
),

documented as (
    select
        reps.cfdi_key as rep_cfdi_key,
        reps.cfdi_id as rep_id,
        reps.team_id,
        reps.issue_date as rep_issue_date,
        reps.is_in_scope and reps.is_stamped as is_in_scope,
        invoices.cfdi_key,
        invoices.client_key,
        invoices.cfdi_id,
        invoices.currency_code,
        invoices.exchange_rate,
        invoices.issue_date,
        invoices.total as weight,
        if(payments.payments_count = 1, payments.payment_key, null) as payment_key,
        if(payments.payments_count = 1, payments.payment_id, null) as payment_id,
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
        coalesce(if(reps.reported_total > 0, reps.reported_total, payments.amount), 0)
            as rep_amount,
        coalesce(payments.amount, 0) as known_amount,
        count(*) over (partition by reps.cfdi_key) as invoices_count,
    from invoice_links
    inner join reps on invoice_links.rep_cfdi_key = reps.cfdi_key
    inner join invoices on invoice_links.cfdi_key = invoices.cfdi_key
    left join payments on reps.cfdi_key = payments.rep_cfdi_key
),

split_reps as (
    {{ split(
        'documented', 'rep_amount', 'weight', 'rep_cfdi_key', 'issue_date, cfdi_id',
        decimals_of('paid_currency_code')
    ) | indent }}
)

select
    {{ key(['team_id', 'rep_id', 'cfdi_id']) }} as rep_document_key,
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
    case
        when rep_amount = 0 then 'none'
        when invoices_count > 1 then 'prorata'
        when rep_amount = known_amount then 'payment'
        else 'rep_total'
    end as amount_source,
    payment_date_source,
    cast(paid_exchange_rate as decimal(18, 6)) as paid_exchange_rate,
    {{ money(in_other_currency(
        'split_amount', 'paid_currency_code', 'paid_exchange_rate', 'currency_code', 'exchange_rate'
    )) }} as paid_amount,
    {{ to_mxn('split_amount', 'paid_currency_code', 'paid_exchange_rate') }} as paid_amount_mxn,
    cast(invoices_count as integer) as invoices_count,
    if(invoices_count = 1, 2, null) as evidence_tier,
    is_in_scope and reversed_date is null as is_effective,
    is_money_inflow,
    is_in_scope,
    payment_date,
    rep_issue_date,
    {{ rep_due_date('payment_date') }} as rep_due_date,
    reversed_date,
from split_reps
