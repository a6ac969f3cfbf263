-- One row per income invoice and event that settles it or undoes that, each with its own evidence
-- (evidence_tier): what complements cover of a payment (2), payments alone (3), complements of no
-- known payment (2), the API's own balance (4), refunds, credit notes, and their reversals with the
-- opposite sign. The balance of a valid invoice on any day is its total less the amounts up to it.
with invoices as (
    select *, from {{ ref('fct_cfdi') }}
    where cfdi_type_code = 'I' and is_in_scope and is_stamped
),

payments as (
    select
        payments.*,
        covered.rep_cfdi_key,
        if(
            covered.rep_amount > 0,
            payments.allocated_amount - covered.owed_amount - covered.credit_amount,
            0
        ) as covered_amount,
        if(
            payments.is_converted,
            payments.settlement_exchange_rate,
            coalesce(told.settlement_exchange_rate, payments.settlement_exchange_rate)
        ) as covered_exchange_rate,
    from {{ ref('fct_payment_invoice') }} as payments
    left join {{ ref('fct_payment_complement') }} as covered
        on payments.payment_invoice_key = covered.payment_invoice_key
    left join {{ ref('fct_rep_document') }} as told
        on
            covered.rep_cfdi_key = told.rep_cfdi_key
            and covered.payment_key = told.payment_key
            and covered.cfdi_key = told.cfdi_key
    where
        payments.is_collected and payments.is_in_scope and payments.allocated_amount is not null
),

payment_events as (
    select
        payment_invoice_key || '|rep' as event_id,
        2 as evidence_tier,
        covered_amount as amount,
        {{ settled_share('payment_amount_mxn', 'covered_amount', 'allocated_amount', '2') }}
            as event_amount_mxn,
        covered_exchange_rate as event_exchange_rate,
        *,
    from payments
    where covered_amount <> 0
    union all by name
    select
        payment_invoice_key as event_id,
        3 as evidence_tier,
        allocated_amount - covered_amount as amount,
        payment_amount_mxn
        - {{ settled_share('payment_amount_mxn', 'covered_amount', 'allocated_amount', '2') }}
            as event_amount_mxn,
        settlement_exchange_rate as event_exchange_rate,
        * replace ('unknown' as rep_cfdi_key),
    from payments
    where allocated_amount <> covered_amount or allocated_amount = 0
),

naming as (
    select
        documents.rep_cfdi_key,
        documents.cfdi_key,
    from {{ ref('fct_rep_document') }} as documents
    inner join {{ ref('fct_payment_complement') }} as payments
        on documents.cfdi_key = payments.cfdi_key and documents.payment_key = payments.payment_key
    where
        documents.is_effective and documents.paid_amount is not null
        and payments.allocated_amount > 0
    group by documents.rep_cfdi_key, documents.cfdi_key
    having count(distinct documents.payment_key) = 1
),

-- complements beyond the one payment that they name, and those that name none or several
pool as (
    select
        documents.rep_document_key as event_id,
        documents.cfdi_key,
        documents.rep_cfdi_key,
        documents.payment_key,
        documents.rep_id,
        documents.payment_id,
        documents.amount_source,
        documents.paid_amount,
        documents.settlement_exchange_rate,
        documents.is_money_inflow,
        documents.evidence_tier,
        documents.payment_date,
        documents.collected_at,
    from {{ ref('fct_rep_document') }} as documents
    anti join naming
        on
            documents.rep_cfdi_key = naming.rep_cfdi_key
            and documents.cfdi_key = naming.cfdi_key
    where documents.is_effective and documents.paid_amount is not null
    union all by name
    select
        payments.payment_invoice_key || '|beyond' as event_id,
        payments.cfdi_key,
        payments.rep_cfdi_key,
        documents.payment_key,
        documents.rep_id,
        documents.payment_id,
        documents.amount_source,
        payments.excess_amount as paid_amount,
        documents.settlement_exchange_rate,
        documents.is_money_inflow,
        documents.evidence_tier,
        payments.payment_date,
        payments.collected_at,
    from {{ ref('fct_payment_complement') }} as payments
    inner join {{ ref('fct_rep_document') }} as documents
        on
            payments.rep_cfdi_key = documents.rep_cfdi_key
            and payments.payment_key = documents.payment_key
            and payments.cfdi_key = documents.cfdi_key
    where payments.excess_amount > 0
),

used as (
    select
        cfdi_key,
        sum(pool_amount + refunded_amount + credit_amount) as used_amount,
        sum(allocated_amount) as allocated_amount,
    from {{ ref('fct_payment_complement') }}
    group by cfdi_key
),

-- the first of them cover the payments, with what of these was given back or is the client's
-- credit; the rest is of payments that nobody recorded
unrecorded as (
    select
        pool.*,
        pool.paid_amount - least(
            greatest(
                coalesce(used.used_amount, 0)
                - (sum(pool.paid_amount) over in_order - pool.paid_amount),
                0
            ),
            pool.paid_amount
        ) as amount,
    from pool
    left join used on pool.cfdi_key = used.cfdi_key
    window
        in_order as (
            partition by pool.cfdi_key
            order by pool.payment_date, pool.rep_id, pool.payment_id nulls first, pool.event_id
            rows unbounded preceding
        )
),

-- a complement that was cancelled or replaced counted until then, beyond the payments known today
ended as (
    select
        documents.*,
        documents.rep_document_key as event_id,
        greatest(
            documents.paid_amount
            - coalesce(payments.allocated_amount, used.allocated_amount, 0),
            0
        ) as amount,
    from {{ ref('fct_rep_document') }} as documents
    left join {{ ref('fct_payment_complement') }} as payments
        on documents.cfdi_key = payments.cfdi_key and documents.payment_key = payments.payment_key
    left join used on documents.cfdi_key = used.cfdi_key
    where not documents.is_effective and documents.evidence_tier = 2
),

rep_events as (
    select
        *,
        null as reversed_date,
    from unrecorded
    where evidence_tier = 2
    union all by name
    select *,
    from ended
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
    where is_in_scope and allocated_amount is not null
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

paid as (
    select
        event_id,
        cfdi_key,
        'payment' as settlement_type,
        payment_key,
        rep_cfdi_key,
        allocation_method,
        amount,
        event_amount_mxn as payment_amount_mxn,
        event_exchange_rate as settlement_exchange_rate,
        is_money_inflow,
        collected_date as settlement_date,
        null as reversed_date,
        evidence_tier,
        payment_id as source_id,
        collected_at as happened_at,
    from payment_events
    union all by name
    select
        rep_events.event_id,
        rep_events.cfdi_key,
        'payment' as settlement_type,
        rep_events.payment_key,
        rep_events.rep_cfdi_key,
        rep_events.amount_source as allocation_method,
        rep_events.amount,
        rep_events.settlement_exchange_rate,
        rep_events.is_money_inflow,
        rep_events.payment_date as settlement_date,
        rep_events.reversed_date,
        2 as evidence_tier,
        rep_events.rep_id as source_id,
        rep_events.payment_id as source_part,
        rep_events.collected_at as happened_at,
    from rep_events
    inner join invoices on rep_events.cfdi_key = invoices.cfdi_key
    where rep_events.amount > 0 and invoices.payment_method_code = 'PPD'
    union all by name
    select *,
    from refund_events
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

-- a balance of today is less what has settled by now, and the notes that stand today
known as (
    select
        cfdi_key,
        amount,
    from paid
    where reversed_date is null
    union all
    select
        notes.cfdi_key,
        notes.amount,
    from credit_events as notes
    inner join observed
        on notes.team_id = observed.team_id and notes.source_id = observed.invoice_id
),

settled as (
    select
        cfdi_key,
        sum(amount) as amount,
    from known
    group by cfdi_key
),

-- complements that say nothing of what they paid of an invoice
silent as (
    select
        reps.cfdi_key,
        max(reps.rep_issue_date) as rep_issue_date,
    from {{ ref('bridge_rep_invoice') }} as reps
    anti join {{ ref('fct_rep_document') }} as telling
        on
            reps.rep_cfdi_key = telling.rep_cfdi_key
            and reps.cfdi_key = telling.cfdi_key
            and telling.evidence_tier = 2
    where reps.is_effective
    group by reps.cfdi_key
),

links as (
    {{ invoice_links_both_ways() | indent }}
),

-- today's balance has a reason that came after the as-of day
later as (
    select pairs.cfdi_key,
    from {{ ref('fct_payment_invoice') }} as pairs
    inner join {{ ref('stg_payments') }} as payments
        on pairs.team_id = payments.team_id and pairs.payment_id = payments.payment_id
    where
        not pairs.is_collected
        and payments.status in {{ statuses('payment', 'is_money_collected') }}
    union
    select coalesce(standing.standing_cfdi_key, invoices.cfdi_key) as cfdi_key,
    from links
    inner join {{ ref('bridge_cfdi_reference') }} as named
        on links.team_id = named.team_id and links.reference = named.reference
    inner join {{ ref('fct_cfdi') }} as reps
        on named.cfdi_key = reps.cfdi_key and reps.issue_date > reps.as_of_date
    inner join {{ ref('bridge_cfdi_reference') }} as invoices
        on links.team_id = invoices.team_id and links.other_reference = invoices.reference
    left join {{ ref('bridge_cfdi_standing') }} as standing
        on invoices.cfdi_key = standing.cfdi_key
    where reps.cfdi_type_code = 'P' and invoices.cfdi_type_code = 'I'
    union
    select coalesce(standing.standing_cfdi_key, relations.related_cfdi_key) as cfdi_key,
    from {{ ref('fct_cfdi_relation') }} as relations
    inner join {{ ref('fct_cfdi') }} as notes on relations.cfdi_key = notes.cfdi_key
    inner join observed
        on notes.team_id = observed.team_id and notes.cfdi_id = observed.invoice_id
    left join {{ ref('bridge_cfdi_standing') }} as standing
        on relations.related_cfdi_key = standing.cfdi_key
    where
        relations.relation_type_code in ('01', '03', '07')
        and notes.cfdi_type_code = 'E' and notes.issue_date > notes.as_of_date
),

evidenced as (
    select cfdi_key, from {{ ref('fct_payment_invoice') }}
    where is_collected and is_in_scope
    union
    select cfdi_key, from {{ ref('bridge_rep_invoice') }}
),

-- nothing but the balance that the API tells, or a complement without an amount beside it: dated
-- by that complement, else when a load saw the balance change, else today
balance_events as (
    select
        invoices.cfdi_id || '|balance' as event_id,
        invoices.cfdi_key,
        'payment' as settlement_type,
        'balance' as allocation_method,
        invoices.total - invoices.last_balance - coalesce(settled.amount, 0) as amount,
        invoices.exchange_rate as settlement_exchange_rate,
        coalesce(silent.rep_issue_date, observed.seen_date, invoices.as_of_date)
            as settlement_date,
        4 as evidence_tier,
    from invoices
    inner join observed
        on invoices.team_id = observed.team_id and invoices.cfdi_id = observed.invoice_id
    left join settled on invoices.cfdi_key = settled.cfdi_key
    left join silent on invoices.cfdi_key = silent.cfdi_key
    left join evidenced on invoices.cfdi_key = evidenced.cfdi_key
    anti join later on invoices.cfdi_key = later.cfdi_key
    where
        invoices.payment_method_code = 'PPD'
        and invoices.is_valid
        and (silent.cfdi_key is not null or evidenced.cfdi_key is null)
        and invoices.total - invoices.last_balance - coalesce(settled.amount, 0) > 0.01
        and coalesce(silent.rep_issue_date, observed.seen_date, invoices.as_of_date)
        <= invoices.as_of_date
),

events as (
    select *, from paid
    union all by name
    select *, from balance_events
    union all by name
    select *, from credit_events
),

both_ways as (
    select
        *,
        false as is_reversal,
    from events
    union all by name
    select
        * replace (
            -amount as amount,
            -payment_amount_mxn as payment_amount_mxn,
            greatest(reversed_date, settlement_date) as settlement_date
        ),
        true as is_reversal,
    from events
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
                source_part,
                evidence_tier
        ) as settlement_number,
    from both_ways
),

-- what is in effect: money up to what is left of the invoice after its notes was collected of it
running as (
    select
        cfdi_key,
        settlement_number,
        sum(amount) filter (where settlement_type <> 'credit_note') over in_order as money,
        sum(amount) filter (where settlement_type = 'credit_note') over in_order as credited,
    from numbered
    where reversed_date is null
    window
        in_order as (
            partition by cfdi_key order by settlement_number rows unbounded preceding
        )
),

collected as (
    select
        running.cfdi_key,
        running.settlement_number,
        greatest(
            least(
                coalesce(running.money, 0), invoices.total - coalesce(running.credited, 0)
            ),
            0
        ) as until_now,
    from running
    inner join invoices on running.cfdi_key = invoices.cfdi_key
),

collected_steps as (
    select
        *,
        until_now - lag(until_now, 1, 0) over (partition by cfdi_key order by settlement_number)
            as collected_amount,
    from collected
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
    {{ money('coalesce(steps.collected_amount, 0)') }} as collected_amount,
    {{ to_mxn('events.amount', 'invoices.currency_code', 'invoices.exchange_rate') }}
        as amount_mxn,
    {{ money('events.payment_amount_mxn') }} as payment_amount_mxn,
    {{ money(
        'events.payment_amount_mxn - '
        ~ to_mxn('events.amount', 'invoices.currency_code', 'invoices.exchange_rate')
    ) }} as exchange_difference_mxn,
    try_cast(events.settlement_exchange_rate as decimal(18, 6)) as settlement_exchange_rate,
    events.is_reversal,
    events.reversed_date is null as is_effective,
    coalesce(events.is_money_inflow, true) as is_money_inflow,
    true as is_in_scope,
    events.settlement_date,
    {{ month_of('events.settlement_date') }} as settlement_month,
from numbered as events
inner join invoices on events.cfdi_key = invoices.cfdi_key
left join collected_steps as steps
    on events.cfdi_key = steps.cfdi_key and events.settlement_number = steps.settlement_number
