-- One row per credit note (E) and invoice that it reduces, with the part of the note for it. A CFDI
-- carries no such part: of one invoice it is the whole, of several our split by open balance. A
-- cancelled invoice leaves the note to the valid ones. Notes for future sales relate to nothing and
-- are not here.
with pairs as (
    select distinct
        notes.cfdi_key as credit_note_cfdi_key,
        notes.cfdi_id as credit_note_id,
        notes.team_id,
        notes.issue_date as credit_note_date,
        notes.total as note_total,
        notes.currency_code as note_currency_code,
        notes.exchange_rate as note_exchange_rate,
        notes.cancelled_date as reversed_date,
        relations.relation_type_code,
        invoices.cfdi_key,
        invoices.client_key,
        invoices.cfdi_id,
        invoices.currency_code,
        invoices.exchange_rate,
        invoices.total,
        invoices.issue_date,
        invoices.is_valid,
    from {{ ref('fct_cfdi_relation') }} as relations
    inner join {{ ref('fct_cfdi') }} as notes
        on relations.cfdi_key = notes.cfdi_key
    inner join {{ ref('fct_cfdi') }} as invoices
        on relations.related_cfdi_key = invoices.cfdi_key
    where
        relations.relation_type_code in ('01', '03', '07')
        and notes.cfdi_type_code = 'E' and notes.is_in_scope and notes.is_stamped
        and invoices.cfdi_type_code = 'I' and invoices.is_in_scope and invoices.is_stamped
    qualify row_number() over (
        partition by notes.cfdi_key, invoices.cfdi_key order by relations.relation_type_code
    ) = 1
),

-- as a payment, a note is for the valid invoices; for cancelled ones where none is valid
candidates as (
    select
        *,
        {{ in_other_currency(
            'note_total', 'note_currency_code', 'note_exchange_rate',
            'currency_code', 'exchange_rate'
        ) }} as converted_amount,
    from pairs
    qualify is_valid or not bool_or(is_valid) over (partition by credit_note_cfdi_key)
),

-- what cannot be converted takes no part while others can
convertible as (
    select *,
    from candidates
    qualify
        converted_amount is not null
        or not bool_or(converted_amount is not null) over (partition by credit_note_cfdi_key)
),

counted as (
    select
        *,
        count(*) over (partition by credit_note_cfdi_key) as invoices_count,
    from convertible
),

-- what has settled an invoice before: payments and notes for it alone
settled as (
    select
        cfdi_key,
        payment_date as settled_date,
        '' as credit_note_id,
        converted_amount as amount,
    from {{ ref('bridge_payment_invoice') }}
    where invoices_count = 1 and is_collected
    union all
    select
        cfdi_key,
        credit_note_date as settled_date,
        credit_note_id,
        converted_amount as amount,
    from counted
    where invoices_count = 1 and reversed_date is null
),

earlier as (
    select
        several.credit_note_cfdi_key,
        several.cfdi_key,
        sum(settled.amount) as settled_amount,
    from counted as several
    inner join settled
        on
            several.cfdi_key = settled.cfdi_key
            and (several.credit_note_date, several.credit_note_id)
            > (settled.settled_date, settled.credit_note_id)
    where several.invoices_count > 1
    group by several.credit_note_cfdi_key, several.cfdi_key
),

-- what of each was open on the day, and its total, in the currency of the note
weighed as (
    select
        several.*,
        {{ in_other_currency(
            'greatest(several.total - coalesce(earlier.settled_amount, 0), 0)',
            'several.currency_code', 'several.exchange_rate',
            'several.note_currency_code', 'several.note_exchange_rate'
        ) }} as open_amount,
        {{ in_other_currency(
            'several.total', 'several.currency_code', 'several.exchange_rate',
            'several.note_currency_code', 'several.note_exchange_rate'
        ) }} as whole_amount,
    from counted as several
    left join earlier
        on
            several.credit_note_cfdi_key = earlier.credit_note_cfdi_key
            and several.cfdi_key = earlier.cfdi_key
    where several.invoices_count > 1
),

-- never more than is open, unless nothing is
capped as (
    select
        *,
        if(sum(open_amount) over one_note > 0, open_amount, whole_amount) as weight,
        least(note_total, nullif(sum(open_amount) over one_note, 0)) as note_amount,
    from weighed
    window one_note as (partition by credit_note_cfdi_key)
),

split_notes as (
    {{ split(
        'capped', 'note_amount', 'weight', 'credit_note_cfdi_key', 'issue_date, cfdi_id',
        decimals_of('note_currency_code')
    ) | indent }}
),

allocated as (
    select
        *,
        note_total as split_amount,
        'single' as allocation_method,
    from counted
    where invoices_count = 1
    union all by name
    select
        *,
        'prorata' as allocation_method,
    from split_notes
),

converted as (
    select
        *,
        {{ in_other_currency(
            'split_amount', 'note_currency_code', 'note_exchange_rate',
            'currency_code', 'exchange_rate'
        ) }} as allocated_amount,
    from allocated
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
    allocation_method,
    note_currency_code as credit_note_currency_code,
    currency_code,
    {{ money('split_amount') }} as credit_note_amount,
    {{ money('allocated_amount') }} as allocated_amount,
    {{ to_mxn('allocated_amount') }} as allocated_amount_mxn,
    reversed_date is null as is_effective,
    is_valid as is_invoice_valid,
    true as is_in_scope,
    credit_note_date,
    reversed_date,
from converted
