-- One row per credit note (E) and income invoice that it relates to (01, 03, 07), before any
-- amount: who shares the note. A replaced invoice means the one that stands; a note that only
-- replaces another (04) has the relations of that one. Never by what a note merely names.
with recursive crediting as (
    select
        relations.cfdi_key as note_key,
        relations.relation_type_code,
        coalesce(standing.standing_cfdi_key, relations.related_cfdi_key) as invoice_key,
    from {{ ref('fct_cfdi_relation') }} as relations
    inner join {{ ref('fct_cfdi') }} as related on relations.related_cfdi_key = related.cfdi_key
    left join {{ ref('bridge_cfdi_standing') }} as standing
        on relations.related_cfdi_key = standing.cfdi_key
    where relations.relation_type_code in ('01', '03', '07') and related.cfdi_type_code = 'I'
),

-- from a note without relations back to the nearest that it replaces and that has some
walked (note_key, source_key, steps) {{ using_key(['note_key', 'source_key']) }} as (
    select
        cfdi_key as note_key,
        cfdi_key as source_key,
        0 as steps,
    from {{ ref('fct_cfdi') }}
    where cfdi_type_code = 'E'
    union
    (
        select distinct
            walked.note_key,
            links.old_cfdi_key as source_key,
            walked.steps + 1 as steps,
        from walked
        inner join {{ ref('bridge_cfdi_substitution') }} as links
            on walked.source_key = links.new_cfdi_key
        anti join crediting on walked.source_key = crediting.note_key
        anti join recurring.walked as known
            on walked.note_key = known.note_key and links.old_cfdi_key = known.source_key
    )
),

pairs as (
    select
        notes.cfdi_key as credit_note_cfdi_key,
        notes.cfdi_id as credit_note_id,
        notes.team_id,
        notes.issue_date as credit_note_date,
        notes.total as note_total,
        notes.currency_code as note_currency_code,
        notes.exchange_rate as note_exchange_rate,
        notes.cancelled_date as reversed_date,
        notes.is_valid as is_note_valid,
        crediting.relation_type_code,
        invoices.cfdi_key,
        invoices.client_key,
        invoices.cfdi_id,
        invoices.currency_code,
        invoices.exchange_rate,
        invoices.total,
        invoices.issue_date,
        invoices.is_valid,
    from walked
    inner join crediting on walked.source_key = crediting.note_key
    inner join {{ ref('fct_cfdi') }} as notes on walked.note_key = notes.cfdi_key
    inner join {{ ref('fct_cfdi') }} as invoices on crediting.invoice_key = invoices.cfdi_key
    where
        notes.is_in_scope and notes.is_stamped
        and invoices.is_in_scope and invoices.is_stamped
    qualify row_number() over (
        partition by notes.cfdi_key, invoices.cfdi_key order by crediting.relation_type_code
    ) = 1
),

-- as a payment, a note is for the valid invoices; for cancelled ones where none is valid
valued as (
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
    from valued
    qualify
        converted_amount is not null
        or not bool_or(converted_amount is not null) over (partition by credit_note_cfdi_key)
)

select
    * replace ({{ money('converted_amount') }} as converted_amount),
    cast(count(*) over (partition by credit_note_cfdi_key) as integer) as invoices_count,
from convertible
