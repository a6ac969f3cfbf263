-- One row per payment complement (REP) and collected payment of it, whoever names whom.
with named as (
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
)

select distinct
    reps.cfdi_key as rep_cfdi_key,
    payments.payment_key,
    payments.team_id,
from named
inner join {{ ref('bridge_cfdi_reference') }} as reps
    on named.team_id = reps.team_id and named.invoice_id = reps.reference
inner join {{ ref('fct_payment') }} as payments
    on named.team_id = payments.team_id and named.payment_id = payments.payment_id
where reps.cfdi_type_code = 'P' and payments.is_collected
