-- One row per PPD invoice and movement of what is owed of it, as it looked at the time: its issue,
-- what settles it or undoes that, its cancellation. A complement that was cancelled or replaced
-- later counted until then. Nothing moves before the invoice exists, or after it was cancelled.
with invoices as (
    select *, from {{ ref('fct_cfdi') }}
    where
        cfdi_type_code = 'I' and payment_method_code = 'PPD'
        and is_in_scope and is_stamped and issue_date <= as_of_date
),

settled as (
    select
        invoices.cfdi_key,
        settlements.settlement_key as source_key,
        settlements.settlement_number,
        settlements.payment_key,
        settlements.rep_cfdi_key,
        settlements.credit_note_cfdi_key,
        settlements.settlement_type || if(settlements.is_reversal, '_reversal', '')
            as movement_type,
        settlements.evidence,
        settlements.evidence_tier,
        -settlements.amount as change,
        greatest(settlements.settlement_date, invoices.issue_date) as movement_date,
    from {{ ref('fct_invoice_settlement') }} as settlements
    inner join invoices on settlements.cfdi_key = invoices.cfdi_key
    where
        invoices.cancelled_date is null
        or greatest(settlements.settlement_date, invoices.issue_date) <= invoices.cancelled_date
),

cancelled as (
    select
        invoices.cfdi_key,
        invoices.cfdi_key as source_key,
        'cancellation' as movement_type,
        -(any_value(invoices.total) + coalesce(sum(settled.change), 0)) as change,
        any_value(invoices.cancelled_date) as movement_date,
    from invoices
    left join settled on invoices.cfdi_key = settled.cfdi_key
    where invoices.is_cancelled
    group by invoices.cfdi_key
),

movements as (
    select
        cfdi_key,
        cfdi_key as source_key,
        'issue' as movement_type,
        total as change,
        issue_date as movement_date,
    from invoices
    union all by name
    select *, from settled
    union all by name
    select *, from cancelled
),

numbered as (
    select
        *,
        row_number() over (
            partition by cfdi_key
            order by
                movement_date,
                list_position(
                    [
                        'issue', 'payment', 'refund', 'payment_reversal',
                        'credit_note', 'credit_note_reversal', 'cancellation',
                    ],
                    movement_type
                ),
                settlement_number
        ) as movement_number,
    from movements
),

running as (
    select
        movements.*,
        invoices.client_key,
        invoices.team_id,
        invoices.cfdi_id,
        invoices.currency_code,
        invoices.exchange_rate,
        invoices.is_fx_missing,
        invoices.due_date,
        invoices.created_date,
        {{ money('sum(movements.change) over one_invoice') }} as balance,
        lead(movements.movement_date) over one_invoice as next_movement_date,
    from numbered as movements
    inner join invoices on movements.cfdi_key = invoices.cfdi_key
    window
        one_invoice as (
            partition by movements.cfdi_key order by movements.movement_number
        )
)

select
    {{ key(['cfdi_key', 'movement_number']) }} as movement_key,
    cfdi_key,
    client_key,
    coalesce(payment_key, 'unknown') as payment_key,
    coalesce(rep_cfdi_key, 'unknown') as rep_cfdi_key,
    coalesce(credit_note_cfdi_key, 'unknown') as credit_note_cfdi_key,
    team_id,
    cfdi_id,
    currency_code,
    movement_type,
    case
        when movement_type = 'issue' then 'invoiced'
        when movement_type = 'cancellation' then 'cancelled'
        when movement_type in ('credit_note', 'credit_note_reversal') then 'credited'
        else 'collected'
    end as step,
    coalesce(evidence, 'none') as evidence,
    evidence_tier,
    cast(movement_number as integer) as movement_number,
    {{ money('change') }} as change,
    -- the difference of two rounded balances, so that nothing is left unexplained in pesos
    {{ money(
        to_mxn('balance') ~ ' - coalesce(lag(' ~ to_mxn('balance') ~ ') over one_invoice, 0)'
    ) }} as change_mxn,
    balance,
    {{ to_mxn('balance') }} as balance_mxn,
    is_fx_missing,
    true as is_in_scope,
    movement_date,
    {{ month_of('movement_date') }} as movement_month,
    next_movement_date,
    due_date,
    created_date,
from running
window one_invoice as (partition by cfdi_key order by movement_number)
