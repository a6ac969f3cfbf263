-- Tiers of evidence and the unpaid add up to the balance in pesos.
select
    team_id,
    client_key,
    currency_code,
    month_end_date,
    open_balance_mxn,
from {{ ref('mart_ar_aging_monthly') }}
where
    open_balance_mxn <> open_balance_tier_1_mxn + open_balance_tier_2_mxn
    + open_balance_tier_3_mxn + open_balance_tier_4_mxn + open_balance_unpaid_mxn
