-- One row per team and month: what was invoiced beside what was collected, in pesos. Invoicing by
-- month of issue, collections by the local day of the money; forms that move no money are left out.
-- What a team collected that records no payments is unknown.
with invoiced as (
    select
        team_id,
        issue_month as month_start_date,
        sum(total_mxn) filter (cfdi_type_code = 'I' and payment_method_code <> 'PPD')
            as invoiced_pue,
        sum(total_mxn) filter (cfdi_type_code = 'I' and payment_method_code = 'PPD')
            as invoiced_ppd,
        sum(total_mxn) filter (cfdi_type_code = 'E') as credit_notes,
        count(*) filter (is_fx_missing) as fx_missing_count,
    from {{ live('fct_cfdi') }}
    where is_valid and cfdi_type_code in ('I', 'E')
    group by all
),

complements as (
    select
        paid.team_id,
        paid.settlement_month as month_start_date,
        sum(
            {{ to_mxn('paid.amount', 'paid.currency_code', 'paid.settlement_exchange_rate') }}
        ) as rep_paid,
    from {{ live('fct_invoice_settlement') }} as paid
    inner join {{ live('fct_cfdi') }} as invoices
        on paid.cfdi_key = invoices.cfdi_key and invoices.is_valid
    where
        paid.settlement_type = 'payment' and paid.is_effective and paid.evidence_tier <= 2
        and paid.payment_method_code = 'PPD'
    group by all
),

paid_invoices as (
    select
        pairs.payment_key,
        bool_or(invoices.payment_method_code = 'PPD') as has_ppd,
    from {{ live('fct_payment_invoice') }} as pairs
    inner join {{ live('fct_cfdi') }} as invoices
        on pairs.cfdi_key = invoices.cfdi_key and invoices.is_valid
    where pairs.allocated_amount is not null
    group by pairs.payment_key
),

payments as (
    select
        payments.*,
        case
            when paid_invoices.has_ppd then 'ppd'
            when paid_invoices.payment_key is not null then 'pue'
            when payments.has_receipt then 'receipt'
            else 'none'
        end as settles,
    from {{ live('fct_payment') }} as payments
    left join paid_invoices on payments.payment_key = paid_invoices.payment_key
    where payments.is_collected and payments.is_money_inflow
),

moves as (
    select
        team_id,
        settles,
        collected_month as month_start_date,
        amount_mxn,
        is_fx_missing,
        false as is_refund,
    from payments
    union all by name
    select
        payments.team_id,
        payments.settles,
        refunds.refund_month as month_start_date,
        -refunds.amount_mxn as amount_mxn,
        payments.is_fx_missing,
        true as is_refund,
    from {{ live('fct_refund') }} as refunds
    inner join payments on refunds.payment_key = payments.payment_key
    where refunds.is_effective
),

collected as (
    select
        team_id,
        month_start_date,
        sum(amount_mxn) as collected,
        sum(amount_mxn) filter (settles = 'ppd') as collected_ppd,
        sum(amount_mxn) filter (settles = 'pue') as collected_pue,
        sum(amount_mxn) filter (settles = 'receipt') as receipts_not_invoiced,
        sum(amount_mxn) filter (settles = 'none') as collected_without_cfdi,
        -sum(amount_mxn) filter (is_refund) as refunded,
        count(*) filter (not is_refund) as payments_count,
        count(*) filter (settles = 'none' and not is_refund) as payments_without_cfdi_count,
        count(*) filter (is_fx_missing) as fx_missing_count,
    from moves
    group by all
),

-- a month may have any of the three
joined as (
    select
        team_id,
        month_start_date,
        {% for name in [
            'invoiced_pue', 'invoiced_ppd', 'credit_notes', 'rep_paid', 'collected',
            'collected_ppd', 'collected_pue', 'receipts_not_invoiced', 'collected_without_cfdi',
            'refunded',
        ] %}
            {{ money('coalesce(sum(' ~ name ~ '), 0)') }} as {{ name }}_mxn,
        {% endfor %}
        coalesce(sum(payments_count), 0) as payments_count,
        coalesce(sum(payments_without_cfdi_count), 0) as payments_without_cfdi_count,
        coalesce(sum(fx_missing_count), 0) as fx_missing_count,
    from (
        select *, from invoiced
        union all by name
        select *, from complements
        union all by name
        select *, from collected
    ) as parts
    group by team_id, month_start_date
)

select
    joined.team_id,
    cast(joined.payments_count as bigint) as payments_count,
    cast(joined.payments_without_cfdi_count as bigint) as payments_without_cfdi_count,
    cast(joined.fx_missing_count as bigint) as fx_missing_count,
    joined.invoiced_pue_mxn,
    joined.invoiced_ppd_mxn,
    joined.credit_notes_mxn,
    joined.rep_paid_mxn,
    if(teams.has_payments, joined.collected_mxn, null) as collected_mxn,
    if(teams.has_payments, joined.collected_ppd_mxn, null) as collected_ppd_mxn,
    if(teams.has_payments, joined.collected_pue_mxn, null) as collected_pue_mxn,
    if(teams.has_payments, joined.receipts_not_invoiced_mxn, null) as receipts_not_invoiced_mxn,
    if(teams.has_payments, joined.collected_without_cfdi_mxn, null) as collected_without_cfdi_mxn,
    if(teams.has_payments, joined.refunded_mxn, null) as refunded_mxn,
    {{ money(
        'if(teams.has_payments, joined.collected_mxn, null)'
        ~ ' - joined.invoiced_pue_mxn - joined.rep_paid_mxn'
    ) }} as difference_mxn,
    {{ is_month_over('joined.month_start_date', 'teams.as_of_date') }} as is_complete_month,
    joined.month_start_date,
from joined
inner join {{ ref('dim_team') }} as teams on joined.team_id = teams.team_id
