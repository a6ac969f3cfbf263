-- One row per movement of a client's account with a team, in a currency, in order of date: PPD
-- invoices, what settles them, credit notes, cancellations; with what the client owes after each.
with movements as (
    select
        movements.*,
        invoices.uuid,
        invoices.series,
        invoices.folio_number,
        complements.cfdi_id as rep_id,
        complements.uuid as rep_uuid,
        notes.cfdi_id as credit_note_id,
        notes.uuid as credit_note_uuid,
        payments.payment_id,
    from {{ live('fct_receivable_movement') }} as movements
    inner join {{ live('fct_cfdi') }} as invoices on movements.cfdi_key = invoices.cfdi_key
    left join {{ live('fct_cfdi') }} as complements
        on movements.rep_cfdi_key = complements.cfdi_key
    left join {{ live('fct_cfdi') }} as notes
        on movements.credit_note_cfdi_key = notes.cfdi_key
    left join {{ live('fct_payment') }} as payments
        on movements.payment_key = payments.payment_key
)

select
    movements.movement_key,
    movements.cfdi_key,
    movements.client_key,
    movements.team_id,
    clients.client_id,
    clients.client_name,
    movements.cfdi_id,
    movements.uuid,
    movements.series,
    movements.folio_number,
    coalesce(movements.credit_note_uuid, movements.rep_uuid, movements.uuid) as document_uuid,
    movements.rep_id,
    movements.credit_note_id,
    movements.payment_id,
    movements.currency_code,
    movements.movement_type,
    movements.evidence,
    movements.evidence_tier,
    cast(row_number() over one_account as bigint) as movement_number,
    {{ money('greatest(movements.change, 0)') }} as charge,
    {{ money('greatest(-movements.change, 0)') }} as credit,
    {{ money('sum(movements.change) over one_account') }} as running_balance,
    {{ money('greatest(movements.change_mxn, 0)') }} as charge_mxn,
    {{ money('greatest(-movements.change_mxn, 0)') }} as credit_mxn,
    {{ money('coalesce(sum(movements.change_mxn) over one_account, 0)') }} as running_balance_mxn,
    movements.is_fx_missing,
    movements.movement_date,
    movements.due_date,
from movements
left join {{ ref('dim_client') }} as clients on movements.client_key = clients.client_key
window
    one_account as (
        partition by movements.team_id, movements.client_key, movements.currency_code
        order by movements.movement_date, movements.cfdi_id, movements.movement_number
        rows between unbounded preceding and current row
    )
