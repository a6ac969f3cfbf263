-- One row per valid credit note and part of it: what falls on an invoice, or on none (cfdi_key
-- unknown) because it relates to none that is known. A note reduces first what is unpaid of its
-- invoice; what goes beyond that gives back what was collected. One that relates to none (a
-- discount on later sales) is its own class: nobody can say what it gives back, so it lowers
-- nothing collected.
with notes as (
    select *, from {{ ref('fct_cfdi') }}
    where cfdi_type_code = 'E' and is_valid
),

given as (
    select
        cfdi_key,
        credit_note_cfdi_key,
        -collected_amount as given_back_amount,
    from {{ ref('fct_invoice_settlement') }}
    where settlement_type = 'credit_note' and is_effective
),

placed as (
    select
        parts.credit_note_cfdi_key,
        parts.cfdi_key,
        invoices.payment_method_code,
        parts.credit_note_amount as part_amount,
        parts.allocated_amount,
        coalesce(given.given_back_amount, 0) as collected_amount,
        sum(parts.credit_note_amount) over (
            partition by parts.credit_note_cfdi_key order by invoices.issue_date, invoices.cfdi_id
        ) as until_now,
    from {{ ref('fct_credit_note_invoice') }} as parts
    inner join {{ ref('fct_cfdi') }} as invoices on parts.cfdi_key = invoices.cfdi_key
    left join given
        on
            parts.cfdi_key = given.cfdi_key
            and parts.credit_note_cfdi_key = given.credit_note_cfdi_key
    where parts.is_effective and parts.allocated_amount is not null
),

wholes as (
    select
        notes.cfdi_key as credit_note_cfdi_key,
        if(notes.total > 0, notes.total, 1) as note_amount,
        coalesce(max(placed.until_now), 0) as placed_amount,
    from notes
    left join placed on notes.cfdi_key = placed.credit_note_cfdi_key
    group by notes.cfdi_key, notes.total
),

parts as (
    select
        credit_note_cfdi_key,
        cfdi_key,
        payment_method_code,
        part_amount,
        until_now - part_amount as before_amount,
        allocated_amount,
        collected_amount,
    from placed
    union all by name
    select
        credit_note_cfdi_key,
        'unknown' as cfdi_key,
        'unknown' as payment_method_code,
        note_amount - placed_amount as part_amount,
        placed_amount as before_amount,
        note_amount - placed_amount as allocated_amount,
        0 as collected_amount,
    from wholes
    where placed_amount < note_amount
),

-- parts of a note over several invoices add up to it
shared as (
    select
        parts.*,
        wholes.note_amount,
        notes.client_key,
        notes.team_id,
        notes.cfdi_id,
        notes.currency_code,
        notes.exchange_rate,
        notes.issue_date as credit_note_date,
        notes.issue_month as credit_note_month,
        {{ decimals_of('notes.currency_code') }} as decimals,
        coalesce(
            {{ next_share(
                'notes.net_amount', 'parts.part_amount', 'parts.before_amount',
                'wholes.note_amount', decimals_of('notes.currency_code')
            ) }}, 0
        ) as net_amount,
    from parts
    inner join notes on parts.credit_note_cfdi_key = notes.cfdi_key
    inner join wholes on parts.credit_note_cfdi_key = wholes.credit_note_cfdi_key
),

given_back as (
    select
        *,
        coalesce({{ share('net_amount', 'collected_amount', 'allocated_amount', 'decimals') }}, 0)
            as collected_net_amount,
    from shared
)

select
    {{ key(['team_id', 'cfdi_id', 'cfdi_key']) }} as credit_note_part_key,
    credit_note_cfdi_key,
    cfdi_key,
    client_key,
    team_id,
    payment_method_code,
    currency_code,
    exchange_rate,
    {{ money('note_amount') }} as note_amount,
    {{ money('before_amount') }} as before_amount,
    {{ money('part_amount') }} as part_amount,
    {{ money('allocated_amount') }} as allocated_amount,
    {{ money('collected_amount') }} as collected_amount,
    {{ money('net_amount') }} as net_amount,
    {{ to_mxn('net_amount') }} as net_amount_mxn,
    {{ money('collected_net_amount') }} as collected_net_amount,
    {{ to_mxn('collected_net_amount') }} as collected_net_amount_mxn,
    true as is_in_scope,
    credit_note_date,
    credit_note_month,
from given_back
