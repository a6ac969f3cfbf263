-- One row per collected payment and PPD invoice that it pays: the complement (REP) that it needs,
-- how much of it was issued, and by when the rest is due.
with invoices as (
    select *, from {{ live('fct_cfdi') }}
    where is_valid and cfdi_type_code = 'I' and payment_method_code = 'PPD'
),

owed as (
    select payments.*,
    from {{ live('fct_payment_complement') }} as payments
    semi join invoices on payments.cfdi_key = invoices.cfdi_key
    where payments.paid_amount > 0.01
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
    owed.rep_match,
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
