-- One row per collected payment and PPD invoice that it pays: the complements that cover it, and
-- what of it still owes one. Money beyond what the invoice came to is the client's credit: it owes
-- none. A complement that names one payment of an invoice is for that; the others cover the
-- invoice's payments from the first to the last.
with invoices as (
    select *, from {{ ref('fct_cfdi') }}
    where
        cfdi_type_code = 'I' and payment_method_code = 'PPD' and is_in_scope and is_stamped
),

refunds as (
    select
        payment_invoice_key,
        sum(allocated_amount) as refunded_amount,
    from {{ ref('fct_refund_invoice') }}
    group by payment_invoice_key
),

payments as (
    select
        payments.payment_invoice_key,
        payments.payment_key,
        payments.cfdi_key,
        payments.payment_id,
        payments.collected_date as payment_date,
        payments.collected_at,
        payments.allocated_amount,
        coalesce(refunds.refunded_amount, 0) as refunded_amount,
        greatest(payments.allocated_amount - coalesce(refunds.refunded_amount, 0), 0)
            as net_amount,
    from {{ ref('fct_payment_invoice') }} as payments
    semi join invoices on payments.cfdi_key = invoices.cfdi_key
    left join refunds on payments.payment_invoice_key = refunds.payment_invoice_key
    where payments.is_collected and payments.is_in_scope and payments.allocated_amount is not null
),

credited as (
    select
        payments.payment_invoice_key,
        sum(notes.allocated_amount) as credited_amount,
    from payments
    inner join {{ ref('fct_credit_note_invoice') }} as notes
        on
            payments.cfdi_key = notes.cfdi_key
            and payments.payment_date >= notes.credit_note_date
    where notes.is_effective and notes.allocated_amount is not null
    group by payments.payment_invoice_key
),

-- the most that the payments up to this one may be for the invoice: notes only lower it
bounded as (
    select
        payments.*,
        least(
            sum(payments.net_amount) over in_order,
            if(
                invoices.total is null,
                null,
                greatest(invoices.total - coalesce(credited.credited_amount, 0), 0)
            )
        ) as bound,
    from payments
    inner join invoices on payments.cfdi_key = invoices.cfdi_key
    left join credited on payments.payment_invoice_key = credited.payment_invoice_key
    window
        in_order as (
            partition by payments.cfdi_key
            order by payments.collected_at, payments.payment_id rows unbounded preceding
        )
),

kept as (
    select
        *,
        max(bound) over in_order
        - coalesce(max(bound) over (in_order rows between unbounded preceding and 1 preceding), 0)
            as paid_amount,
    from bounded
    window in_order as (partition by cfdi_key order by collected_at, payment_id)
),

complements as (
    select
        cfdi_key,
        rep_cfdi_key,
        sum(paid_amount) as rep_amount,
        max(rep_issue_date) as rep_issue_date,
    from {{ ref('fct_rep_document') }}
    where is_effective and paid_amount is not null
    group by cfdi_key, rep_cfdi_key
),

naming as (
    select
        kept.cfdi_key,
        documents.rep_cfdi_key,
        any_value(kept.payment_key) as payment_key,
    from {{ ref('fct_rep_document') }} as documents
    inner join kept
        on documents.cfdi_key = kept.cfdi_key and documents.payment_key = kept.payment_key
    where
        documents.is_effective and documents.paid_amount is not null
        and kept.allocated_amount > 0
    group by kept.cfdi_key, documents.rep_cfdi_key
    having count(distinct kept.payment_key) = 1
),

named as (
    select
        naming.cfdi_key,
        naming.payment_key,
        sum(complements.rep_amount) as rep_amount,
        max(complements.rep_issue_date) as rep_issue_date,
        arg_max(complements.rep_cfdi_key, (complements.rep_issue_date, complements.rep_cfdi_key))
            as rep_cfdi_key,
    from naming
    inner join complements
        on
            naming.cfdi_key = complements.cfdi_key
            and naming.rep_cfdi_key = complements.rep_cfdi_key
    group by naming.cfdi_key, naming.payment_key
),

pooled as (
    select
        complements.cfdi_key,
        sum(complements.rep_amount) as rep_amount,
        max(complements.rep_issue_date) as rep_issue_date,
    from complements
    anti join naming
        on
            complements.cfdi_key = naming.cfdi_key
            and complements.rep_cfdi_key = naming.rep_cfdi_key
    group by complements.cfdi_key
),

matched as (
    select
        kept.*,
        named.rep_cfdi_key,
        least(coalesce(named.rep_amount, 0), kept.paid_amount) as named_amount,
        greatest(coalesce(named.rep_amount, 0) - kept.paid_amount, 0) as excess_amount,
        coalesce(pooled.rep_amount, 0)
        + sum(greatest(coalesce(named.rep_amount, 0) - kept.paid_amount, 0)) over one_invoice
            as pool_amount,
        named.rep_issue_date as named_issue_date,
        greatest(
            pooled.rep_issue_date,
            max(named.rep_issue_date) filter (named.rep_amount > kept.paid_amount) over one_invoice
        ) as pool_issue_date,
    from kept
    left join named on kept.cfdi_key = named.cfdi_key and kept.payment_key = named.payment_key
    left join pooled on kept.cfdi_key = pooled.cfdi_key
    window one_invoice as (partition by kept.cfdi_key)
),

drawn as (
    select
        *,
        least(
            paid_amount - named_amount,
            greatest(
                pool_amount
                - (sum(paid_amount - named_amount) over in_order - (paid_amount - named_amount)),
                0
            )
        ) as pool_part,
    from matched
    window
        in_order as (
            partition by cfdi_key order by collected_at, payment_id rows unbounded preceding
        )
)

select
    drawn.payment_invoice_key,
    drawn.payment_key,
    drawn.cfdi_key,
    invoices.client_key,
    invoices.team_id,
    drawn.payment_id,
    invoices.cfdi_id,
    coalesce(drawn.rep_cfdi_key, 'unknown') as rep_cfdi_key,
    case
        when drawn.named_amount + drawn.pool_part = 0 then 'none'
        when drawn.pool_part = 0 then 'payment'
        else 'invoice'
    end as rep_match,
    invoices.currency_code,
    {{ money('drawn.allocated_amount') }} as allocated_amount,
    {{ money('drawn.refunded_amount') }} as refunded_amount,
    {{ money('drawn.paid_amount') }} as paid_amount,
    {{ money('drawn.net_amount - drawn.paid_amount') }} as credit_amount,
    {{ money('drawn.named_amount + drawn.pool_part') }} as rep_amount,
    {{ money('drawn.paid_amount - drawn.named_amount - drawn.pool_part') }} as owed_amount,
    {{ money('drawn.pool_part') }} as pool_amount,
    {{ money('drawn.excess_amount') }} as excess_amount,
    true as is_in_scope,
    drawn.payment_date,
    coalesce(drawn.named_issue_date, if(drawn.pool_part > 0, drawn.pool_issue_date, null))
        as rep_issue_date,
    {{ rep_due_date('drawn.payment_date') }} as rep_due_date,
    drawn.collected_at,
from drawn
inner join invoices on drawn.cfdi_key = invoices.cfdi_key
