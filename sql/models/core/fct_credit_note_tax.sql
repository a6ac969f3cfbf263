-- One row per valid credit note, part of it and tax of the note: the part of the tax that falls on
-- that invoice, and how much of it had been collected already and is given back.
with parts as (
    select
        notes.*,
        taxes.cfdi_tax_key,
        taxes.tax_name,
        taxes.tax_code,
        taxes.tax_factor,
        taxes.iva_rate_class,
        taxes.tax_rate,
        taxes.is_withheld,
        {{ decimals_of('notes.currency_code') }} as decimals,
        {{ next_share(
            'taxes.base_amount', 'notes.part_amount', 'notes.before_amount', 'notes.note_amount',
            decimals_of('notes.currency_code')
        ) }} as base_amount,
        {{ next_share(
            'taxes.tax_amount', 'notes.part_amount', 'notes.before_amount', 'notes.note_amount',
            decimals_of('notes.currency_code')
        ) }} as tax_amount,
    from {{ ref('fct_credit_note_part') }} as notes
    inner join {{ ref('fct_cfdi_tax') }} as taxes
        on notes.credit_note_cfdi_key = taxes.cfdi_key
),

given_back as (
    select
        *,
        coalesce(
            {{ share('base_amount', 'collected_amount', 'allocated_amount', 'decimals') }}, 0
        ) as collected_base_amount,
        coalesce(
            {{ share('tax_amount', 'collected_amount', 'allocated_amount', 'decimals') }}, 0
        ) as collected_tax_amount,
    from parts
)

select
    {{ key(['team_id', 'cfdi_tax_key', 'cfdi_key']) }} as credit_note_tax_key,
    credit_note_cfdi_key,
    cfdi_key,
    client_key,
    team_id,
    payment_method_code,
    tax_name,
    tax_code,
    tax_factor,
    iva_rate_class,
    currency_code,
    tax_rate,
    {{ money('base_amount') }} as base_amount,
    {{ money('tax_amount') }} as tax_amount,
    {{ to_mxn('base_amount') }} as base_amount_mxn,
    {{ to_mxn('tax_amount') }} as tax_amount_mxn,
    {{ money('collected_base_amount') }} as collected_base_amount,
    {{ money('collected_tax_amount') }} as collected_tax_amount,
    {{ to_mxn('collected_base_amount') }} as collected_base_amount_mxn,
    {{ to_mxn('collected_tax_amount') }} as collected_tax_amount_mxn,
    is_withheld,
    is_in_scope,
    credit_note_date,
    credit_note_month,
from given_back
