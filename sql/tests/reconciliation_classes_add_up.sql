-- Every payment is of one class; all of them are what core says was collected.
with money as (
    select
        team_id,
        amount_mxn,
    from {{ ref('fct_payment') }}
    where is_collected and is_money_inflow
    union all
    select
        team_id,
        -amount_mxn as amount_mxn,
    from {{ ref('fct_refund') }}
    where is_effective and is_money_inflow
),

core_collected as (
    select
        team_id,
        sum(amount_mxn) as collected,
    from money
    group by team_id
),

reconciled as (
    select
        team_id,
        sum(collected_mxn) as collected,
        sum(
            collected_ppd_mxn + collected_pue_mxn + receipts_not_invoiced_mxn
            + collected_without_cfdi_mxn
        ) as classes,
    from {{ ref('mart_reconciliation_monthly') }}
    group by team_id
)

select
    core_collected.*,
    reconciled.*,
from core_collected
full join reconciled on core_collected.team_id = reconciled.team_id
where
    coalesce(core_collected.collected, 0) <> coalesce(reconciled.collected, 0)
    or coalesce(reconciled.collected, 0) <> coalesce(reconciled.classes, 0)
