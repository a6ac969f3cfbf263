-- Nothing is pending of an invoice that is paid whole, nor more than its IVA of any other.
with pending as (
    select
        cfdi_key,
        sum(pending_change) as amount,
    from {{ ref('fct_iva_pending_movement') }}
    group by cfdi_key
)

select
    balances.team_id,
    pending.*,
    balances.open_balance,
from pending
inner join {{ ref('fct_invoice_balance') }} as balances on pending.cfdi_key = balances.cfdi_key
where
    pending.amount < 0
    or (balances.is_valid and balances.open_balance <= 0 and pending.amount <> 0)
    or (not balances.is_valid and pending.amount <> 0)
