-- Every CFDI that core says is cancelled is in the mart as such, once, with its amount; none other.
with told as (
    select
        team_id,
        cfdi_key,
        net_amount_mxn,
        cancelled_date,
    from {{ ref('mart_cancellations') }}
    where cancellation_state = 'cancelled'
),

core as (
    select
        team_id,
        cfdi_key,
        net_amount_mxn,
        cancelled_date,
    from {{ ref('fct_cfdi') }}
    where is_in_scope and is_stamped and is_cancelled
)

select
    coalesce(core.team_id, told.team_id) as team_id,
    core.cfdi_key,
    told.cfdi_key as told_cfdi_key,
    core.cancelled_date,
    told.cancelled_date as told_cancelled_date,
from core
full join told on core.cfdi_key = told.cfdi_key
where
    core.cancelled_date is distinct from told.cancelled_date
    or core.net_amount_mxn is distinct from told.net_amount_mxn
