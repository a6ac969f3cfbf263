-- What was paid is complemented or owed; complements are not used twice for one invoice.
with owed as (
    select
        team_id,
        cfdi_key,
        sum(paid_amount) as paid_amount,
        sum(rep_amount) as rep_amount,
        sum(owed_amount) as owed_amount,
        min(owed_amount) as least_owed,
    from {{ ref('mart_rep_owed') }}
    group by team_id, cfdi_key
),

complements as (
    select
        cfdi_key,
        sum(paid_amount) as amount,
    from {{ ref('fct_rep_document') }}
    where is_effective
    group by cfdi_key
)

select
    owed.*,
    complements.amount,
from owed
left join complements on owed.cfdi_key = complements.cfdi_key
where
    owed.paid_amount <> owed.rep_amount + owed.owed_amount
    or owed.least_owed < 0
    or owed.rep_amount > coalesce(complements.amount, 0)
