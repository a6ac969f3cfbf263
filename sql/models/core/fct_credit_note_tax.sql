-- One row per valid credit note, invoice that it reduces and tax of the note: the part of the tax
-- that falls on that invoice, and how much of it had been collected already and is given back.
-- A note reduces first what is unpaid of its invoice. What falls on no invoice is all given back.
with settled as (
    select
        cfdi_key,
        credit_note_cfdi_key,
        sum(amount) over (
            partition by cfdi_key
            order by settlement_number rows between unbounded preceding and 1 preceding
        ) as settled_before,
    from {{ ref('fct_invoice_settlement') }}
    where is_effective
),

-- parts of a note over several invoices add up to it
placed as (
    select
        parts.credit_note_cfdi_key,
        parts.cfdi_key,
        invoices.payment_method_code,
        parts.allocated_amount,
        sum(parts.credit_note_amount) over (
            partition by parts.credit_note_cfdi_key order by invoices.issue_date, invoices.cfdi_id
        ) as until_now,
        parts.credit_note_amount as note_amount,
        invoices.total - least(greatest(coalesce(settled.settled_before, 0), 0), invoices.total)
            as open_before,
    from {{ ref('fct_credit_note_invoice') }} as parts
    inner join {{ ref('fct_cfdi') }} as invoices on parts.cfdi_key = invoices.cfdi_key
    left join settled
        on
            parts.cfdi_key = settled.cfdi_key
            and parts.credit_note_cfdi_key = settled.credit_note_cfdi_key
    where parts.is_effective and parts.allocated_amount is not null
),

valid_notes as (
    select
        *,
        {{ decimals_of('currency_code') }} as decimals,
        if(total > 0, total, 1) as whole,
    from {{ ref('fct_cfdi') }}
    where cfdi_type_code = 'E' and is_valid
),

covered as (
    select
        credit_note_cfdi_key,
        max(until_now) as amount,
    from placed
    group by credit_note_cfdi_key
),

slices as (
    select
        credit_note_cfdi_key,
        cfdi_key,
        payment_method_code,
        until_now,
        until_now - note_amount as until_before,
        allocated_amount,
        greatest(allocated_amount - open_before, 0) as excess_amount,
    from placed
    union all by name
    -- without an invoice, or beyond all that its invoices had open, a note is given back
    select
        valid_notes.cfdi_key as credit_note_cfdi_key,
        valid_notes.whole as until_now,
        coalesce(covered.amount, 0) as until_before,
        1 as allocated_amount,
        1 as excess_amount,
    from valid_notes
    left join covered on valid_notes.cfdi_key = covered.credit_note_cfdi_key
    where coalesce(covered.amount, 0) < valid_notes.whole
),

notes as (
    select
        slices.*,
        valid_notes.client_key,
        valid_notes.exchange_rate,
        valid_notes.issue_date as credit_note_date,
        valid_notes.issue_month as credit_note_month,
        valid_notes.decimals,
        valid_notes.whole,
    from slices
    inner join valid_notes on slices.credit_note_cfdi_key = valid_notes.cfdi_key
),

parts as (
    select
        notes.*,
        taxes.cfdi_tax_key,
        taxes.team_id,
        taxes.tax_name,
        taxes.tax_code,
        taxes.tax_factor,
        taxes.iva_rate_class,
        taxes.currency_code,
        taxes.tax_rate,
        taxes.is_withheld,
        {{ next_share(
            'taxes.base_amount', '(notes.until_now - notes.until_before)', 'notes.until_before',
            'notes.whole', 'notes.decimals'
        ) }} as base_amount,
        {{ next_share(
            'taxes.tax_amount', '(notes.until_now - notes.until_before)', 'notes.until_before',
            'notes.whole', 'notes.decimals'
        ) }} as tax_amount,
    from notes
    inner join {{ ref('fct_cfdi_tax') }} as taxes
        on notes.credit_note_cfdi_key = taxes.cfdi_key
),

given_back as (
    select
        *,
        coalesce(
            {{ share('base_amount', 'excess_amount', 'allocated_amount', 'decimals') }}, 0
        ) as collected_base_amount,
        coalesce(
            {{ share('tax_amount', 'excess_amount', 'allocated_amount', 'decimals') }}, 0
        ) as collected_tax_amount,
    from parts
)

select
    {{ key(['team_id', 'cfdi_tax_key', "coalesce(cfdi_key, 'unknown')"]) }} as credit_note_tax_key,
    credit_note_cfdi_key,
    coalesce(cfdi_key, 'unknown') as cfdi_key,
    client_key,
    team_id,
    coalesce(payment_method_code, 'unknown') as payment_method_code,
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
    true as is_in_scope,
    credit_note_date,
    credit_note_month,
from given_back
