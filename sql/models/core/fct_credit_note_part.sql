-- One row per valid credit note and part of it: what falls on an invoice, or on none (cfdi_key
-- unknown) because it relates to none or goes beyond all that was open of its invoices. A note
-- reduces first what is unpaid of its invoice; what goes beyond that gives back what was collected.
with notes as (
    select *, from {{ ref('fct_cfdi') }}
    where cfdi_type_code = 'E' and is_valid
),

settled as (
    select
        settlements.cfdi_key,
        settlements.credit_note_cfdi_key,
        sum(settlements.amount) over (
            partition by settlements.cfdi_key
            order by
                settlements.settlement_date,
                settlements.settlement_type = 'credit_note',
                notes.cfdi_id
            rows between unbounded preceding and 1 preceding
        ) as settled_before,
    from {{ ref('fct_invoice_settlement') }} as settlements
    left join {{ ref('fct_cfdi') }} as notes
        on settlements.credit_note_cfdi_key = notes.cfdi_key
    where settlements.is_effective
),

placed as (
    select
        parts.credit_note_cfdi_key,
        parts.cfdi_key,
        invoices.payment_method_code,
        parts.allocated_amount,
        parts.allocation_method = 'prorata'
        and parts.currency_code = notes.currency_code as may_exceed,
        notes.total,
        invoices.total - least(greatest(coalesce(settled.settled_before, 0), 0), invoices.total)
            as open_before,
        sum(parts.allocated_amount) over (
            partition by parts.credit_note_cfdi_key order by invoices.issue_date, invoices.cfdi_id
        ) as until_now,
    from {{ ref('fct_credit_note_invoice') }} as parts
    inner join notes on parts.credit_note_cfdi_key = notes.cfdi_key
    inner join {{ ref('fct_cfdi') }} as invoices on parts.cfdi_key = invoices.cfdi_key
    left join settled
        on
            parts.cfdi_key = settled.cfdi_key
            and parts.credit_note_cfdi_key = settled.credit_note_cfdi_key
    where parts.is_effective and parts.allocated_amount is not null
),

-- of several invoices a note takes no more than is open
wholes as (
    select
        credit_note_cfdi_key,
        sum(allocated_amount) as placed_amount,
        if(bool_and(may_exceed), any_value(total), sum(allocated_amount)) as note_amount,
    from placed
    group by credit_note_cfdi_key
),

parts as (
    select
        placed.credit_note_cfdi_key,
        placed.cfdi_key,
        placed.payment_method_code,
        placed.allocated_amount as part_amount,
        placed.until_now - placed.allocated_amount as before_amount,
        wholes.note_amount,
        greatest(placed.allocated_amount - placed.open_before, 0) as collected_amount,
    from placed
    inner join wholes on placed.credit_note_cfdi_key = wholes.credit_note_cfdi_key
    union all by name
    select
        notes.cfdi_key as credit_note_cfdi_key,
        'unknown' as cfdi_key,
        'unknown' as payment_method_code,
        coalesce(wholes.note_amount - wholes.placed_amount, notes.total) as part_amount,
        coalesce(wholes.placed_amount, 0) as before_amount,
        coalesce(wholes.note_amount, notes.total) as note_amount,
        coalesce(wholes.note_amount - wholes.placed_amount, notes.total) as collected_amount,
    from notes
    left join wholes on notes.cfdi_key = wholes.credit_note_cfdi_key
    where coalesce(wholes.note_amount > wholes.placed_amount, true)
),

-- parts of a note over several invoices add up to it
shared as (
    select
        parts.*,
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
                'parts.note_amount', decimals_of('notes.currency_code')
            ) }}, 0
        ) as net_amount,
    from parts
    inner join notes on parts.credit_note_cfdi_key = notes.cfdi_key
),

given_back as (
    select
        *,
        coalesce({{ share('net_amount', 'collected_amount', 'part_amount', 'decimals') }}, 0)
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
    {{ money('collected_amount') }} as collected_amount,
    {{ money('net_amount') }} as net_amount,
    {{ to_mxn('net_amount') }} as net_amount_mxn,
    {{ money('collected_net_amount') }} as collected_net_amount,
    {{ to_mxn('collected_net_amount') }} as collected_net_amount_mxn,
    true as is_in_scope,
    credit_note_date,
    credit_note_month,
from given_back
