-- One row per income invoice (I) with what is settled and what is open on the as-of day.
-- open_balance is a receivable only where the invoice is valid and PPD (is_receivable).
with settled as (
    select
        cfdi_key,
        sum(amount) filter (where settlement_type <> 'credit_note') as paid_amount,
        sum(amount) filter (where settlement_type = 'credit_note') as credited_amount,
        max(evidence_tier) as evidence_tier,
        arg_max(evidence, evidence_tier) as evidence,
        cast(
            count(*) filter (where settlement_type = 'payment' and is_effective) as integer
        ) as payments_count,
        max(settlement_date) filter (where settlement_type = 'payment' and is_effective)
            as last_payment_date,
        bool_or(allocation_method = 'prorata') as has_prorated_part,
    from {{ ref('fct_invoice_settlement') }}
    group by cfdi_key
),

balances as (
    select
        invoices.*,
        coalesce(settled.paid_amount, 0) as paid_amount,
        coalesce(settled.credited_amount, 0) as credited_amount,
        invoices.total - coalesce(settled.paid_amount, 0) - coalesce(settled.credited_amount, 0)
            as balance,
        settled.evidence_tier,
        settled.evidence,
        coalesce(settled.payments_count, 0) as payments_count,
        coalesce(settled.has_prorated_part, false) as has_prorated_part,
        settled.last_payment_date,
    from {{ ref('fct_cfdi') }} as invoices
    left join settled on invoices.cfdi_key = settled.cfdi_key
    where invoices.cfdi_type_code = 'I'
)

select
    cfdi_key,
    client_key,
    team_id,
    cfdi_id,
    payment_method_code,
    currency_code,
    coalesce(evidence, 'none') as evidence,
    due_date_basis,
    evidence_tier,
    exchange_rate,
    total,
    {{ money('paid_amount') }} as paid_to_invoice,
    {{ money('credited_amount') }} as credit_notes_allocated,
    {{ money('balance') }} as open_balance,
    {{ to_mxn('total') }} as total_mxn,
    {{ to_mxn('paid_amount') }} as paid_to_invoice_mxn,
    {{ to_mxn('credited_amount') }} as credit_notes_allocated_mxn,
    {{ to_mxn('balance') }} as open_balance_mxn,
    last_balance as api_last_balance,
    {{ money('balance - last_balance') }} as balance_difference,
    payments_count,
    installments_count,
    cast(as_of_date - due_date as integer) as days_past_due,
    cast(as_of_date - created_date as integer) as age_days,
    is_valid,
    is_in_scope,
    is_valid and payment_method_code = 'PPD' as is_receivable,
    abs(balance) > 0.01 as is_open,
    balance > 0 and balance <= 1 as is_rounding_residual,
    has_prorated_part,
    is_fx_missing,
    issue_date,
    issue_month,
    due_date,
    last_payment_date,
    as_of_date,
from balances
