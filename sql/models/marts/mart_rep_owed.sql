-- One row per collected payment and PPD invoice that it pays: the complement (REP) that it needs,
-- how much of it was issued, and by when the rest is due.
with invoices as (
    select *, from {{ live('fct_cfdi') }}
    where is_valid and cfdi_type_code = 'I' and payment_method_code = 'PPD'
),

refunds as (
    select
        payment_invoice_key,
        sum(allocated_amount) as refunded_amount,
    from {{ live('fct_refund_invoice') }}
    group by payment_invoice_key
),

paid as (
    select
        payments.payment_invoice_key,
        payments.payment_key,
        payments.cfdi_key,
        payments.payment_id,
        payments.collected_date as payment_date,
        payments.collected_at,
        payments.allocated_amount - coalesce(refunds.refunded_amount, 0) as paid_amount,
    from {{ live('fct_payment_invoice') }} as payments
    semi join invoices on payments.cfdi_key = invoices.cfdi_key
    left join refunds on payments.payment_invoice_key = refunds.payment_invoice_key
    where
        payments.is_collected
        and payments.allocated_amount - coalesce(refunds.refunded_amount, 0) > 0.01
),

complement_payments as (
    select *, from {{ live('fct_rep_document') }}
    where is_effective and paid_amount is not null
),

complements as (
    select
        cfdi_key,
        rep_cfdi_key,
        sum(paid_amount) as rep_amount,
        max(rep_issue_date) as rep_issue_date,
    from complement_payments
    group by cfdi_key, rep_cfdi_key
),

-- complements that name one payment of the invoice and no other are of that payment
naming as (
    select
        paid.cfdi_key,
        complement_payments.rep_cfdi_key,
        any_value(paid.payment_key) as payment_key,
    from complement_payments
    inner join paid
        on
            complement_payments.cfdi_key = paid.cfdi_key
            and complement_payments.payment_key = paid.payment_key
    group by paid.cfdi_key, complement_payments.rep_cfdi_key
    having count(distinct paid.payment_key) = 1
),

named as (
    select
        naming.cfdi_key,
        naming.payment_key,
        sum(complements.rep_amount) as rep_amount,
        max(complements.rep_issue_date) as rep_issue_date,
    from naming
    inner join complements
        on
            naming.cfdi_key = complements.cfdi_key
            and naming.rep_cfdi_key = complements.rep_cfdi_key
    group by naming.cfdi_key, naming.payment_key
),

-- the others are of the invoice, whose payments they cover from the first to the last
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
        paid.*,
        least(coalesce(named.rep_amount, 0), paid.paid_amount) as named_amount,
        coalesce(pooled.rep_amount, 0)
        + sum(greatest(coalesce(named.rep_amount, 0) - paid.paid_amount, 0)) over one_invoice
            as pool_amount,
        named.rep_issue_date as named_issue_date,
        greatest(
            pooled.rep_issue_date,
            max(named.rep_issue_date) filter (named.rep_amount > paid.paid_amount) over one_invoice
        ) as pool_issue_date,
    from paid
    left join named on paid.cfdi_key = named.cfdi_key and paid.payment_key = named.payment_key
    left join pooled on paid.cfdi_key = pooled.cfdi_key
    window one_invoice as (partition by paid.cfdi_key)
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
),

owed as (
    select
        *,
        named_amount + pool_part as rep_amount,
        paid_amount - named_amount - pool_part as owed_amount,
        coalesce(named_issue_date, if(pool_part > 0, pool_issue_date, null)) as rep_issue_date,
        {{ rep_due_date('payment_date') }} as rep_due_date,
    from drawn
)

select
    owed.payment_invoice_key,
    owed.payment_key,
    owed.cfdi_key,
    invoices.client_key,
    invoices.team_id,
    owed.payment_id,
    invoices.cfdi_id,
    invoices.uuid,
    invoices.series,
    invoices.folio_number,
    coalesce(clients.client_name, 'Sin cliente') as client_name,
    invoices.currency_code,
    case
        when owed.owed_amount > 0.01 and invoices.as_of_date <= owed.rep_due_date
            then 'pending_in_term'
        when owed.owed_amount > 0.01 then 'overdue'
        when owed.rep_issue_date <= owed.rep_due_date then 'issued_on_time'
        else 'issued_late'
    end as rep_status,
    case
        when owed.rep_amount = 0 then 'none'
        when owed.pool_part = 0 then 'payment'
        else 'invoice'
    end as rep_match,
    balances.evidence,
    balances.evidence_tier,
    {{ money('owed.paid_amount') }} as paid_amount,
    {{ money('owed.rep_amount') }} as rep_amount,
    {{ money('owed.owed_amount') }} as owed_amount,
    {{ to_mxn('owed.paid_amount', 'invoices.currency_code', 'invoices.exchange_rate') }}
        as paid_amount_mxn,
    {{ to_mxn('owed.rep_amount', 'invoices.currency_code', 'invoices.exchange_rate') }}
        as rep_amount_mxn,
    {{ to_mxn('owed.owed_amount', 'invoices.currency_code', 'invoices.exchange_rate') }}
        as owed_amount_mxn,
    cast(owed.rep_due_date - invoices.as_of_date as integer) as days_to_due,
    cast(owed.rep_issue_date - owed.payment_date as integer) as rep_issue_lag_days,
    owed.owed_amount > 0.01 as is_owed,
    owed.owed_amount > 0.01 and invoices.as_of_date > owed.rep_due_date as is_overdue,
    invoices.is_fx_missing,
    invoices.issue_date,
    owed.payment_date,
    {{ month_of('owed.payment_date') }} as payment_month,
    owed.rep_due_date,
    owed.rep_issue_date,
    invoices.as_of_date,
from owed
inner join invoices on owed.cfdi_key = invoices.cfdi_key
left join {{ live('fct_invoice_balance') }} as balances on owed.cfdi_key = balances.cfdi_key
left join {{ ref('dim_client') }} as clients on invoices.client_key = clients.client_key
