-- One row per PPD invoice and month end at which its balance was not zero; the running month as of
-- the as-of day. Never sum over months.
with cuts as (
    select
        movements.*,
        tiers.evidence as best_evidence,
        tiers.evidence_tier as best_tier,
        teams.as_of_date,
        cast(unnest(generate_series(
            movements.movement_month,
            coalesce(movements.next_movement_date - 1, teams.as_of_date),
            interval 1 month
        )) as date) as month_start_date,
    from {{ ref('fct_receivable_movement') }} as movements
    inner join {{ ref('dim_team') }} as teams on movements.team_id = teams.team_id
    left join {{ ref('fct_invoice_balance') }} as tiers on movements.cfdi_key = tiers.cfdi_key
    where
        movements.balance <> 0
        and movements.movement_date
        <= coalesce(movements.next_movement_date - 1, teams.as_of_date)
),

dated as (
    select
        *,
        least(last_day(month_start_date), as_of_date) as month_end_date,
    from cuts
)

select
    cfdi_key,
    client_key,
    team_id,
    cfdi_id,
    currency_code,
    {{ aging_bucket('(month_end_date - due_date)') }} as aging_bucket,
    {{ aging_bucket_gigstack('(month_end_date - created_date)') }} as aging_bucket_gigstack,
    coalesce(best_evidence, 'none') as evidence,
    best_tier as evidence_tier,
    balance as open_balance,
    balance_mxn as open_balance_mxn,
    cast(month_end_date - due_date as integer) as days_past_due,
    abs(balance) > 0.01 as is_open,
    {{ is_month_over('month_start_date') }} as is_complete_month,
    is_fx_missing,
    true as is_in_scope,
    due_date,
    month_start_date,
    month_end_date,
from dated
where month_end_date < coalesce(next_movement_date, as_of_date + 1)
