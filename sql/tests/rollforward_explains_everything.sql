-- Opening plus what happened is closing, in both currencies, and evidence explains what was
-- collected.
select
    team_id,
    currency_code,
    month_start_date,
    unexplained,
    unexplained_mxn,
    collected_mxn,
from {{ ref('mart_ar_rollforward_monthly') }}
where
    unexplained <> 0 or unexplained_mxn <> 0
    or collected_mxn <> collected_tier_1_mxn + collected_tier_2_mxn + collected_tier_3_mxn
    + collected_tier_4_mxn
