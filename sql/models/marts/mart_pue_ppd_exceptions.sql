-- One row per valid invoice and mistake in how it says to be paid: PUE with form 99, PPD without
-- it, PUE with a complement, PUE that was not paid in its month, PPD that was paid on its own day.
with invoices as (
    select *, from {{ live('fct_cfdi') }}
    where is_valid and cfdi_type_code = 'I'
),

complements as (
    select
        cfdi_key,
        sum(paid_amount) as rep_amount,
    from {{ live('fct_rep_document') }}
    where is_effective
    group by cfdi_key
),

settled as (
    select
        settlements.cfdi_key,
        sum(settlements.amount) filter (
            where settlements.settlement_date <= last_day(invoices.issue_date)
        ) as settled_by_month_end,
        sum(settlements.amount) filter (
            where settlements.settlement_type <> 'credit_note'
            and settlements.settlement_date <= invoices.issue_date
        ) as paid_at_issue,
    from {{ live('fct_invoice_settlement') }} as settlements
    inner join invoices on settlements.cfdi_key = invoices.cfdi_key
    where settlements.is_effective
    group by settlements.cfdi_key
),

known as (
    select
        invoices.*,
        complements.cfdi_key is not null as has_rep,
        complements.rep_amount,
        coalesce(settled.paid_at_issue, 0) as paid_at_issue,
        invoices.total - coalesce(settled.settled_by_month_end, 0) as unpaid_at_month_end,
    from invoices
    left join complements on invoices.cfdi_key = complements.cfdi_key
    left join settled on invoices.cfdi_key = settled.cfdi_key
),

-- a month that is not over can still be paid
exceptions as (
    select
        *,
        'pue_with_99' as problem,
        total as problem_amount,
    from known
    where payment_method_code = 'PUE' and payment_form_code = '99'
    union all
    select
        *,
        'ppd_without_99' as problem,
        total as problem_amount,
    from known
    where payment_method_code = 'PPD' and payment_form_code <> '99'
    union all
    select
        *,
        'pue_with_rep' as problem,
        coalesce(rep_amount, 0) as problem_amount,
    from known
    where payment_method_code = 'PUE' and has_rep
    union all
    select
        *,
        'pue_unpaid_at_month_end' as problem,
        unpaid_at_month_end as problem_amount,
    from known
    where
        payment_method_code = 'PUE' and unpaid_at_month_end > 0.01
        and {{ is_month_over('issue_date') }}
    union all
    select
        *,
        'ppd_fully_paid_same_day' as problem,
        total as problem_amount,
    from known
    where payment_method_code = 'PPD' and total > 0 and total - paid_at_issue <= 0.01
)

select
    {{ key(['exceptions.team_id', 'exceptions.cfdi_id', 'exceptions.problem']) }} as exception_key,
    exceptions.cfdi_key,
    exceptions.client_key,
    exceptions.team_id,
    exceptions.cfdi_id,
    exceptions.uuid,
    exceptions.series,
    exceptions.folio_number,
    coalesce(clients.client_name, 'Sin cliente') as client_name,
    exceptions.problem,
    exceptions.payment_method_code,
    exceptions.payment_form_code,
    exceptions.currency_code,
    exceptions.total,
    exceptions.total_mxn,
    {{ money('exceptions.problem_amount') }} as problem_amount,
    {{ to_mxn(
        'exceptions.problem_amount', 'exceptions.currency_code', 'exceptions.exchange_rate'
    ) }} as problem_amount_mxn,
    exceptions.is_global,
    exceptions.is_fx_missing,
    exceptions.issue_date,
    exceptions.issue_month,
    last_day(exceptions.issue_date) as payment_limit_date,
    exceptions.as_of_date,
from exceptions
left join {{ ref('dim_client') }} as clients on exceptions.client_key = clients.client_key
