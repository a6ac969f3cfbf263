-- What is expected to come is neither negative nor more than what is open.
select
    team_id,
    currency_code,
    week_start_date,
    cumulative_expected,
    open_balance,
from {{ ref('mart_cash_forecast') }}
where
    cumulative_expected not between 0 and open_balance
    or cumulative_expected_mxn not between 0 and open_balance_mxn
    or expected_collections < 0
