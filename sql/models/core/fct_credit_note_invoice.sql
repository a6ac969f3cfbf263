-- One row per credit note (E) and invoice that it reduces, with the part of the note for it. A CFDI
-- carries no such part: of one invoice it is the whole, of several our split by open balance. Notes
-- for future sales relate to nothing and are not here. Notes of a later day are out of scope.
with pairs as (
    select
        notes.cfdi_key as credit_note_cfdi_key,
        notes.cfdi_id as credit_note_id,
        notes.team_id,
        notes.issue_date as credit_note_date,
        notes.currency_code as note_currency_code,
        notes.cancelled_date as reversed_date,
        notes.is_valid as is_note_valid,
        notes.status_raw in ('cancelled', 'canceled') as is_ever_cancelled,
        notes.is_in_scope and notes.is_stamped as is_in_scope,
        min(relations.relation_type_code) as relation_type_code,
        invoices.cfdi_key,
        invoices.client_key,
        invoices.cfdi_id,
        invoices.payment_method_code,
        invoices.currency_code,
        invoices.exchange_rate,
        invoices.total,
        invoices.issue_date,
        invoices.is_valid,
        {{ in_other_currency(
            'notes.total', 'notes.currency_code', 'notes.exchange_rate',
            'invoices.currency_code', 'invoices.exchange_rate'
        ) }} as note_amount,
    from {{ ref('fct_cfdi_relation') }} as relations
    inner join {{ ref('fct_cfdi') }} as notes on relations.cfdi_key = notes.cfdi_key
    inner join {{ ref('fct_cfdi') }} as invoices on relations.related_cfdi_key = invoices.cfdi_key
    where
        relations.relation_type_code in ('01', '03', '07')
        and notes.cfdi_type_code = 'E' and notes.is_live and not notes.is_deleted
        and (notes.is_stamped or notes.created_date > notes.as_of_date)
        and invoices.cfdi_type_code = 'I' and invoices.is_in_scope and invoices.is_stamped
    group by all
),

candidates as (
    {{ payable('pairs', 'credit_note_cfdi_key', 'note_amount', 'note_currency_code') | indent }}
),

counted as (
    select
        *,
        count(*) over (partition by credit_note_cfdi_key) as invoices_count,
    from candidates
),

complements as (
    select
        notes.credit_note_cfdi_key,
        notes.cfdi_key,
        sum(paid.paid_amount) as amount,
    from counted as notes
    inner join {{ ref('fct_rep_document') }} as paid
        on notes.cfdi_key = paid.cfdi_key and notes.credit_note_date >= paid.payment_date
    where notes.invoices_count > 1 and notes.payment_method_code = 'PPD' and paid.is_effective
    group by notes.credit_note_cfdi_key, notes.cfdi_key
),

singles as (
    select
        notes.credit_note_cfdi_key,
        notes.cfdi_key,
        sum(earlier.note_amount) as amount,
    from counted as notes
    inner join counted as earlier
        on
            notes.cfdi_key = earlier.cfdi_key
            and (notes.credit_note_date, notes.credit_note_id)
            > (earlier.credit_note_date, earlier.credit_note_id)
    where notes.invoices_count > 1 and earlier.invoices_count = 1 and earlier.is_note_valid
    group by notes.credit_note_cfdi_key, notes.cfdi_key
),

weighed as (
    select
        counted.*,
        greatest(
            counted.total - coalesce(complements.amount, 0) - coalesce(singles.amount, 0), 0
        ) as open_amount,
    from counted
    left join complements
        on
            counted.credit_note_cfdi_key = complements.credit_note_cfdi_key
            and counted.cfdi_key = complements.cfdi_key
    left join singles
        on
            counted.credit_note_cfdi_key = singles.credit_note_cfdi_key
            and counted.cfdi_key = singles.cfdi_key
),

allocated as (
    {{ split_capped('weighed', 'note_amount', 'credit_note_cfdi_key') | indent }}
)

select
    {{ key(['team_id', 'credit_note_id', 'cfdi_id']) }} as credit_note_invoice_key,
    credit_note_cfdi_key,
    cfdi_key,
    client_key,
    team_id,
    credit_note_id,
    cfdi_id,
    relation_type_code,
    if(invoices_count = 1, 'single', 'prorata') as allocation_method,
    currency_code,
    {{ money('allocated_amount') }} as allocated_amount,
    {{ to_mxn('allocated_amount') }} as allocated_amount_mxn,
    is_in_scope and reversed_date is null as is_effective,
    is_valid as is_invoice_valid,
    is_ever_cancelled,
    is_in_scope,
    credit_note_date,
    reversed_date,
from allocated
