-- One row per payment complement (REP) and payment that it names. Either may name the other.
with links as (
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
    named.cfdi_key as rep_cfdi_key,
    payments.payment_key,
    links.team_id,
    named.cfdi_id as rep_id,
    payments.payment_id,
from links
inner join {{ ref('bridge_cfdi_reference') }} as named
    on links.team_id = named.team_id and links.invoice_id = named.reference
inner join {{ ref('fct_payment') }} as payments
    on links.team_id = payments.team_id and links.payment_id = payments.payment_id
where named.cfdi_type_code = 'P'
