-- One row per complement (REP) in effect, invoice and problem: without a payment or an invoice, on
-- an invoice that is PUE or cancelled, of an unknown amount, or beyond what was left to pay.
with complements as (
    select *, from {{ live('fct_cfdi') }}
    where cfdi_type_code = 'P' and is_valid and not is_replaced
),

documents as (
    select
        cfdi_key,
        rep_cfdi_key,
        bool_and(payment_key = 'unknown') as has_no_payment,
        sum(paid_amount) as rep_amount,
        max(payment_date) as payment_date,
    from {{ live('fct_rep_document') }}
    where is_effective
    group by cfdi_key, rep_cfdi_key
),

credits as (
    select
        cfdi_key,
        sum(allocated_amount) as credited_amount,
    from {{ live('fct_credit_note_invoice') }}
    where is_effective
    group by cfdi_key
),

paid as (
    select
        documents.*,
        invoices.client_key,
        invoices.cfdi_id,
        invoices.currency_code,
        invoices.exchange_rate,
        invoices.total,
        invoices.payment_method_code,
        invoices.is_valid,
        complements.issue_date as rep_issue_date,
        invoices.total
        - coalesce(credits.credited_amount, 0)
        - coalesce(sum(documents.rep_amount) over earlier, 0) as open_before,
    from documents
    inner join {{ live('fct_cfdi') }} as invoices on documents.cfdi_key = invoices.cfdi_key
    inner join complements on documents.rep_cfdi_key = complements.cfdi_key
    left join credits on documents.cfdi_key = credits.cfdi_key
    window
        earlier as (
            partition by documents.cfdi_key
            order by documents.payment_date, complements.issue_date, complements.cfdi_id
            rows between unbounded preceding and 1 preceding
        )
),

problems as (
    select
        *,
        'without_payment' as problem,
        rep_amount as problem_amount,
    from paid
    where has_no_payment
    union all by name
    select
        *,
        'on_pue' as problem,
        rep_amount as problem_amount,
    from paid
    where payment_method_code = 'PUE'
    union all by name
    select
        *,
        'on_cancelled_invoice' as problem,
        rep_amount as problem_amount,
    from paid
    where not is_valid
    union all by name
    select
        *,
        'without_amount' as problem,
        null as problem_amount,
    from paid
    where rep_amount is null
    union all by name
    select
        *,
        'exceeds_balance' as problem,
        rep_amount - greatest(open_before, 0) as problem_amount,
    from paid
    where rep_amount - greatest(open_before, 0) > 0.01
    union all by name
    select
        complements.cfdi_key as rep_cfdi_key,
        complements.client_key,
        nullif(complements.currency_code, 'XXX') as currency_code,
        complements.exchange_rate,
        complements.reported_total as rep_amount,
        complements.issue_date as rep_issue_date,
        'without_invoice' as problem,
        complements.reported_total as problem_amount,
    from complements
    anti join documents on complements.cfdi_key = documents.rep_cfdi_key
)

select
    {{ key([
        'complements.team_id', 'complements.cfdi_id', 'problems.cfdi_id', 'problems.problem'
    ]) }} as rep_orphan_key,
    problems.rep_cfdi_key,
    coalesce(problems.cfdi_key, 'unknown') as cfdi_key,
    problems.client_key,
    complements.team_id,
    complements.cfdi_id as rep_id,
    complements.uuid as rep_uuid,
    problems.cfdi_id,
    coalesce(clients.client_name, 'Sin cliente') as client_name,
    problems.problem,
    coalesce(problems.currency_code, 'unknown') as currency_code,
    {{ money('problems.rep_amount') }} as rep_amount,
    {{ money('problems.problem_amount') }} as problem_amount,
    {{ to_mxn('problems.problem_amount', 'problems.currency_code', 'problems.exchange_rate') }}
        as problem_amount_mxn,
    problems.payment_date,
    problems.rep_issue_date,
    complements.as_of_date,
from problems
inner join complements on problems.rep_cfdi_key = complements.cfdi_key
left join {{ ref('dim_client') }} as clients on problems.client_key = clients.client_key
