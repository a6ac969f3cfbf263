-- One row per PPD invoice, class of IVA rate and movement of the IVA that is not collected yet:
-- billed, collected, reduced by credit notes, cancelled. Told as it looked at the time, so that the
-- running sum of pending_change up to any day is what was pending then.
with invoices as (
    select *, from {{ ref('fct_cfdi') }}
    where
        cfdi_type_code = 'I' and payment_method_code = 'PPD'
        and is_in_scope and is_stamped and issue_date <= as_of_date and total > 0
),

taxes as (
    select
        cfdi_key,
        iva_rate_class,
        sum(tax_amount) as tax_amount,
    from {{ ref('fct_cfdi_tax') }}
    where iva_rate_class is not null
    group by cfdi_key, iva_rate_class
),

-- nothing settles an invoice before it exists or after it is cancelled
events as (
    select
        settlements.cfdi_key,
        settlements.settlement_key,
        settlements.settlement_number,
        settlements.amount,
        case
            when settlements.settlement_type = 'credit_note' then 'credit_note'
            else 'collected'
        end as movement_type,
        case
            when settlements.settlement_type = 'credit_note' then 4 + settlements.is_reversal::int
            when settlements.is_reversal then 3
            when settlements.settlement_type = 'refund' then 2
            else 1
        end as place,
        greatest(settlements.settlement_date, invoices.issue_date) as movement_date,
    from {{ ref('fct_invoice_settlement') }} as settlements
    inner join invoices on settlements.cfdi_key = invoices.cfdi_key
    where
        invoices.cancelled_date is null
        or greatest(settlements.settlement_date, invoices.issue_date) <= invoices.cancelled_date
),

-- what is paid beyond the total is not for this invoice
settled as (
    select
        events.*,
        least(
            greatest(sum(events.amount) over running - events.amount, 0), invoices.total
        ) as settled_before,
        least(greatest(sum(events.amount) over running, 0), invoices.total) as settled_after,
    from events
    inner join invoices on events.cfdi_key = invoices.cfdi_key
    window
        running as (
            partition by events.cfdi_key
            order by events.movement_date, events.place, events.settlement_number
            rows unbounded preceding
        )
),

movements as (
    select
        cfdi_key,
        'billed' as movement_type,
        cfdi_key as source_key,
        issue_date as movement_date,
        total as settled_before,
        0 as settled_after,
    from invoices
    union all by name
    select
        cfdi_key,
        movement_type,
        settlement_key as source_key,
        movement_date,
        settled_before,
        settled_after,
    from settled
    union all by name
    select
        invoices.cfdi_key,
        'cancelled' as movement_type,
        'cancelled' as source_key,
        invoices.cancelled_date as movement_date,
        coalesce(least(greatest(sum(events.amount), 0), any_value(invoices.total)), 0)
            as settled_before,
        any_value(invoices.total) as settled_after,
    from invoices
    left join events on invoices.cfdi_key = events.cfdi_key
    where invoices.cancelled_date is not null
    group by invoices.cfdi_key, invoices.cancelled_date
),

pending as (
    select
        movements.movement_type,
        movements.source_key,
        movements.movement_date,
        invoices.*,
        taxes.iva_rate_class,
        taxes.tax_amount - {{ share(
            'taxes.tax_amount', 'movements.settled_before', 'invoices.total',
            decimals_of('invoices.currency_code')
        ) }} as pending_before,
        taxes.tax_amount - {{ share(
            'taxes.tax_amount', 'movements.settled_after', 'invoices.total',
            decimals_of('invoices.currency_code')
        ) }} as pending_after,
    from movements
    inner join invoices on movements.cfdi_key = invoices.cfdi_key
    inner join taxes on movements.cfdi_key = taxes.cfdi_key
)

select
    {{ key(['team_id', 'source_key', 'movement_type', 'cfdi_key', 'iva_rate_class']) }}
        as iva_pending_movement_key,
    cfdi_key,
    client_key,
    team_id,
    movement_type,
    iva_rate_class,
    currency_code,
    {{ money('pending_after - pending_before') }} as pending_change,
    {{ money(to_mxn('pending_after') ~ ' - ' ~ to_mxn('pending_before')) }} as pending_change_mxn,
    is_fx_missing,
    is_in_scope,
    movement_date,
    {{ month_of('movement_date') }} as movement_month,
from pending
