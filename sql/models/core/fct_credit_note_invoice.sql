-- One row per credit note (E) and invoice that it reduces, with the part of the note for it
-- (fct_allocation says how it is shared). Notes for future sales relate to nothing: not here.
select
    {{ key(['pairs.team_id', 'pairs.credit_note_id', 'pairs.cfdi_id']) }}
        as credit_note_invoice_key,
    pairs.credit_note_cfdi_key,
    pairs.cfdi_key,
    pairs.client_key,
    pairs.team_id,
    pairs.credit_note_id,
    pairs.cfdi_id,
    pairs.relation_type_code,
    parts.allocation_method,
    pairs.note_currency_code as credit_note_currency_code,
    {{ money('parts.source_amount') }} as credit_note_amount,
    pairs.currency_code,
    {{ money('parts.amount') }} as allocated_amount,
    {{ to_mxn('parts.amount', 'pairs.currency_code', 'pairs.exchange_rate') }}
        as allocated_amount_mxn,
    pairs.reversed_date is null as is_effective,
    pairs.is_valid as is_invoice_valid,
    true as is_in_scope,
    pairs.credit_note_date,
    pairs.reversed_date,
from {{ ref('bridge_credit_note_invoice') }} as pairs
inner join {{ ref('fct_allocation') }} as parts
    on pairs.credit_note_cfdi_key = parts.source_key and pairs.cfdi_key = parts.cfdi_key
