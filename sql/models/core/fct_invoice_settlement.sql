-- One row per income invoice and event that settles it or undoes that: payments by the evidence
-- that there is (evidence_tier), refunds, credit notes, and their reversals with the opposite sign.
-- The balance of a valid invoice on any day is its total less the amounts dated up to that day.
with invoices as (
    select *, from {{ ref('fct_cfdi') }}
    where cfdi_type_code = 'I' and is_in_scope and is_stamped
),

complements as (
    select *, from {{ ref('fct_rep_document') }}
    where is_in_scope
),

payments as (
    select *, from {{ ref('fct_payment_invoice') }}
    where is_collected and is_in_scope and allocated_amount is not null
),

complemented as (
    select
        cfdi_key,
        bool_and(evidence_tier is not null) as is_each_of_one,
    from complements
    group by cfdi_key
),

paid_ever as (
    select pairs.cfdi_key,
    from {{ ref('fct_payment_invoice') }} as pairs
    inner join {{ ref('fct_payment') }} as payments on pairs.payment_key = payments.payment_key
    where payments.succeeded_at is not null and payments.is_live
    union
    select cfdi_key,
    from {{ ref('fct_rep_document') }}
),

paid as (
    select distinct cfdi_key,
    from payments
),

-- One tier per invoice, decided by all its complements, cancelled ones too. 1, the complement's
-- XML, is not read. Its balance (4) says something only where nothing else ever does.
tiers as (
    select
        invoices.cfdi_key,
        case
            when invoices.payment_method_code = 'PPD' and complemented.is_each_of_one then 2
            when paid.cfdi_key is not null then 3
            when invoices.payment_method_code = 'PPD' and paid_ever.cfdi_key is null then 4
        end as evidence_tier,
    from invoices
    left join complemented on invoices.cfdi_key = complemented.cfdi_key
    left join paid on invoices.cfdi_key = paid.cfdi_key
    left join paid_ever on invoices.cfdi_key = paid_ever.cfdi_key
),

rep_events as (
    select
        rep_document_key as event_id,
        rep_id as source_id,
        cfdi_key,
        'payment' as settlement_type,
        payment_key,
        rep_cfdi_key,
        amount_source as allocation_method,
        paid_currency_code = currency_code as has_own_rate,
        paid_exchange_rate as event_rate,
        paid_amount as amount,
        paid_amount_mxn as payment_amount_mxn,
        is_money_inflow,
        payment_date as settlement_date,
        reversed_date,
        2 as evidence_tier,
    from complements
    where paid_amount is not null
),

payment_events as (
    select
        payments.payment_invoice_key as event_id,
        payments.payment_id as source_id,
        payments.cfdi_key,
        'payment' as settlement_type,
        payments.payment_key,
        payments.allocation_method,
        not payments.is_converted as has_own_rate,
        whole.exchange_rate as event_rate,
        payments.allocated_amount as amount,
        payments.payment_amount_mxn,
        payments.is_money_inflow,
        payments.collected_date as settlement_date,
        3 as evidence_tier,
    from payments
    inner join {{ ref('fct_payment') }} as whole on payments.payment_key = whole.payment_key
),

refund_events as (
    select
        refunds.refund_key as event_id,
        whole.payment_id as source_id,
        refunds.cfdi_key,
        'refund' as settlement_type,
        refunds.payment_key,
        refunds.allocation_method,
        refunds.payment_currency_code = refunds.currency_code as has_own_rate,
        whole.exchange_rate as event_rate,
        -refunds.allocated_amount as amount,
        -refunds.refund_amount_mxn as payment_amount_mxn,
        refunds.is_money_inflow,
        refunds.refund_date as settlement_date,
        3 as evidence_tier,
    from {{ ref('fct_refund_invoice') }} as refunds
    inner join {{ ref('fct_payment') }} as whole on refunds.payment_key = whole.payment_key
),

credit_events as (
    select
        credit_note_invoice_key as event_id,
        credit_note_id as source_id,
        cfdi_key,
        'credit_note' as settlement_type,
        credit_note_cfdi_key,
        allocation_method,
        allocated_amount as amount,
        credit_note_date as settlement_date,
        reversed_date,
    from {{ ref('fct_credit_note_invoice') }}
    where is_in_scope and allocated_amount is not null
),

-- the balance of today knows the notes of today
credits as (
    select
        cfdi_key,
        sum(allocated_amount) as amount,
    from {{ ref('fct_credit_note_invoice') }}
    where not is_ever_cancelled
    group by cfdi_key
),

-- dated when a change of the balance was seen; when that is not known, today
balance_events as (
    select
        invoices.cfdi_id as event_id,
        invoices.cfdi_id as source_id,
        invoices.cfdi_key,
        'payment' as settlement_type,
        'balance' as allocation_method,
        invoices.total - invoices.last_balance - coalesce(credits.amount, 0) as amount,
        if(
            loaded.updated_at_basis = 'observed',
            {{ local_date('loaded.updated_at', 'invoices.team_id') }},
            invoices.as_of_date
        ) as settlement_date,
        4 as evidence_tier,
    from invoices
    inner join {{ ref('stg_invoices') }} as loaded
        on invoices.team_id = loaded.team_id and invoices.cfdi_id = loaded.invoice_id
    left join credits on invoices.cfdi_key = credits.cfdi_key
    where
        invoices.payment_method_code = 'PPD'
        and invoices.is_valid
        and loaded.status <> 'cancelled' -- the balance of today tells of the cancelling then
        and invoices.total - invoices.last_balance - coalesce(credits.amount, 0) > 0.01
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

proven as (
    select events.*,
    from every_event as events
    inner join tiers
        on events.cfdi_key = tiers.cfdi_key and events.evidence_tier = tiers.evidence_tier
    inner join invoices on events.cfdi_key = invoices.cfdi_key
    where events.settlement_date <= invoices.as_of_date
),

settled as (
    select *, from proven
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
    events.source_id,
    invoices.currency_code,
    events.evidence_tier,
    -- of another currency it was converted at the rates of both, which comes to the invoice's
    cast(
        if(coalesce(events.has_own_rate, false), events.event_rate, invoices.exchange_rate)
        as decimal(18, 6)
    ) as exchange_rate,
    {{ money('events.amount') }} as amount,
    {{ to_mxn('events.amount', 'invoices.currency_code', 'invoices.exchange_rate') }}
        as amount_mxn,
    {{ money('events.payment_amount_mxn') }} as payment_amount_mxn,
    events.is_reversal,
    events.reversed_date is null as is_effective,
    coalesce(events.is_money_inflow, true) as is_money_inflow,
    true as is_in_scope,
    events.settlement_date,
    {{ month_of('events.settlement_date') }} as settlement_month,
from both_ways as events
inner join invoices on events.cfdi_key = invoices.cfdi_key
