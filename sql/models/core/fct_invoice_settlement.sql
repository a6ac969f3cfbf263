-- One row per income invoice and event that settles it or undoes that: payments by the evidence
-- that there is (evidence_tier), refunds, credit notes, and their reversals with the opposite sign.
-- The balance of a valid invoice on any day is its total less the amounts dated up to that day.
with invoices as (
    select *, from {{ ref('fct_cfdi') }}
    where cfdi_type_code = 'I' and is_in_scope and is_stamped
),

-- only where every complement of an invoice tells what was paid of it
complements as (
    select
        * exclude (is_effective),
        rep_document_key as event_id,
    from {{ ref('fct_rep_document') }}
    qualify bool_and(evidence_tier is not null) over (partition by cfdi_key)
),

payments as (
    select
        *,
        payment_invoice_key as event_id,
    from {{ ref('fct_payment_invoice') }}
    where is_collected and is_in_scope and allocated_amount is not null
),

-- the lowest tier that an invoice has, and no other: 1 (the complement's XML) the API does not give
found as (
    select
        cfdi_key,
        2 as evidence_tier,
    from complements
    union all
    select
        cfdi_key,
        3 as evidence_tier,
    from payments
),

tiers as (
    select
        invoices.cfdi_key,
        coalesce(min(found.evidence_tier), 4) as evidence_tier,
    from invoices
    left join found
        on
            invoices.cfdi_key = found.cfdi_key
            and (invoices.payment_method_code = 'PPD' or found.evidence_tier = 3)
    group by invoices.cfdi_key
),

rep_events as (
    select
        event_id,
        cfdi_key,
        'payment' as settlement_type,
        payment_key,
        rep_cfdi_key,
        amount_source as allocation_method,
        paid_amount as amount,
        paid_amount_mxn as payment_amount_mxn,
        settlement_exchange_rate,
        is_money_inflow,
        payment_date as settlement_date,
        reversed_date,
        2 as evidence_tier,
        rep_id as source_id,
        payment_id as source_part,
        collected_at as happened_at,
    from complements
),

payment_events as (
    select
        event_id,
        cfdi_key,
        'payment' as settlement_type,
        payment_key,
        allocation_method,
        allocated_amount as amount,
        payment_amount_mxn,
        settlement_exchange_rate,
        is_money_inflow,
        collected_date as settlement_date,
        3 as evidence_tier,
        payment_id as source_id,
        collected_at as happened_at,
    from payments
),

refund_events as (
    select
        refund_key as event_id,
        cfdi_key,
        'refund' as settlement_type,
        payment_key,
        allocation_method,
        -allocated_amount as amount,
        -refund_amount_mxn as payment_amount_mxn,
        settlement_exchange_rate,
        is_money_inflow,
        refund_date as settlement_date,
        3 as evidence_tier,
        payment_id as source_id,
        lpad(cast(refund_number as varchar), 6, '0') as source_part,
        refunded_at as happened_at,
    from {{ ref('fct_refund_invoice') }}
    where is_in_scope
),

credit_events as (
    select
        credit_note_invoice_key as event_id,
        team_id,
        cfdi_key,
        'credit_note' as settlement_type,
        credit_note_cfdi_key,
        allocation_method,
        allocated_amount as amount,
        credit_note_date as settlement_date,
        reversed_date,
        credit_note_id as source_id,
    from {{ ref('fct_credit_note_invoice') }}
    where allocated_amount is not null
),

-- what stands today, whatever the as-of day
observed as (
    select
        team_id,
        invoice_id,
        if(updated_at_basis = 'observed', updated_date, null) as seen_date,
    from {{ ref('stg_invoices') }}
    where status in {{ statuses('invoice', 'is_valid') }}
),

-- a balance of today is less the notes that stand today
credits as (
    select
        notes.cfdi_key,
        sum(notes.amount) as amount,
    from credit_events as notes
    inner join observed
        on notes.team_id = observed.team_id and notes.source_id = observed.invoice_id
    group by notes.cfdi_key
),

-- invoices whose balance of today has another reason: a payment or complement of any day, or a
-- note later than the as-of day
evidenced as (
    select pairs.cfdi_key,
    from {{ ref('fct_payment_invoice') }} as pairs
    inner join {{ ref('stg_payments') }} as payments
        on pairs.team_id = payments.team_id and pairs.payment_id = payments.payment_id
    where payments.status in {{ statuses('payment', 'is_money_collected') }}
    union
    select if(one.cfdi_type_code = 'I', one.cfdi_key, other.cfdi_key) as cfdi_key,
    from {{ ref('stg_invoice_links') }} as links
    inner join {{ ref('bridge_cfdi_reference') }} as one
        on links.team_id = one.team_id and links.invoice_id = one.reference
    inner join {{ ref('bridge_cfdi_reference') }} as other
        on links.team_id = other.team_id and links.linked_invoice_id = other.reference
    where
        'P' in (one.cfdi_type_code, other.cfdi_type_code)
        and 'I' in (one.cfdi_type_code, other.cfdi_type_code)
    union
    select relations.related_cfdi_key as cfdi_key,
    from {{ ref('fct_cfdi_relation') }} as relations
    inner join {{ ref('fct_cfdi') }} as notes on relations.cfdi_key = notes.cfdi_key
    inner join observed
        on notes.team_id = observed.team_id and notes.cfdi_id = observed.invoice_id
    where
        relations.relation_type_code in ('01', '03', '07')
        and notes.cfdi_type_code = 'E' and notes.issue_date > notes.as_of_date
),

-- nothing but the balance that the API tells: dated when a load saw it change, else today
balance_events as (
    select
        invoices.cfdi_id as event_id,
        invoices.cfdi_key,
        'payment' as settlement_type,
        'balance' as allocation_method,
        invoices.total - invoices.last_balance - coalesce(credits.amount, 0) as amount,
        invoices.exchange_rate as settlement_exchange_rate,
        coalesce(observed.seen_date, invoices.as_of_date) as settlement_date,
        4 as evidence_tier,
    from invoices
    inner join observed
        on invoices.team_id = observed.team_id and invoices.cfdi_id = observed.invoice_id
    left join credits on invoices.cfdi_key = credits.cfdi_key
    anti join evidenced on invoices.cfdi_key = evidenced.cfdi_key
    where
        invoices.payment_method_code = 'PPD'
        and invoices.is_valid
        and invoices.total - invoices.last_balance - coalesce(credits.amount, 0) > 0.01
        and coalesce(observed.seen_date, invoices.as_of_date) <= invoices.as_of_date
),

every_event as (
    select *,
    from rep_events
    union all by name
    select *,
    from payment_events
    union all by name
    select *,
    from refund_events
    union all by name
    select *,
    from balance_events
),

paid as (
    select events.*,
    from every_event as events
    inner join tiers
        on events.cfdi_key = tiers.cfdi_key and events.evidence_tier = tiers.evidence_tier
),

settled as (
    select *, from paid
    union all by name
    select *, from credit_events
),

both_ways as (
    select
        *,
        false as is_reversal,
    from settled
    union all by name
    select
        * replace (
            -amount as amount,
            -payment_amount_mxn as payment_amount_mxn,
            greatest(reversed_date, settlement_date) as settlement_date
        ),
        true as is_reversal,
    from settled
    where reversed_date is not null
),

-- what happens on one day: payments, refunds, then notes, each by time, then by id
numbered as (
    select
        *,
        row_number() over (
            partition by cfdi_key
            order by
                settlement_date,
                settlement_type = 'credit_note',
                is_reversal,
                settlement_type = 'refund',
                happened_at nulls first,
                source_id,
                source_part
        ) as settlement_number,
    from both_ways
)

select
    {{ key(['invoices.team_id', 'events.event_id', 'events.cfdi_key', 'events.is_reversal']) }}
        as settlement_key,
    events.cfdi_key,
    invoices.client_key,
    coalesce(events.payment_key, 'unknown') as payment_key,
    coalesce(events.rep_cfdi_key, 'unknown') as rep_cfdi_key,
    coalesce(events.credit_note_cfdi_key, 'unknown') as credit_note_cfdi_key,
    invoices.team_id,
    invoices.payment_method_code,
    events.settlement_type,
    case
        when events.settlement_type = 'credit_note' then 'cfdi'
        when events.evidence_tier = 2 then 'rep_api'
        when events.evidence_tier = 3 then 'payment'
        when events.evidence_tier = 4 then 'balance'
    end as evidence,
    events.allocation_method,
    invoices.currency_code,
    events.evidence_tier,
    cast(events.settlement_number as integer) as settlement_number,
    {{ money('events.amount') }} as amount,
    {{ to_mxn('events.amount', 'invoices.currency_code', 'invoices.exchange_rate') }}
        as amount_mxn,
    {{ money('events.payment_amount_mxn') }} as payment_amount_mxn,
    try_cast(events.settlement_exchange_rate as decimal(18, 6)) as settlement_exchange_rate,
    events.is_reversal,
    events.reversed_date is null as is_effective,
    coalesce(events.is_money_inflow, true) as is_money_inflow,
    true as is_in_scope,
    events.settlement_date,
    {{ month_of('events.settlement_date') }} as settlement_month,
from numbered as events
inner join invoices on events.cfdi_key = invoices.cfdi_key
