select * from {{ ref('mart_cash_forecast') }}
where
    cumulative_expected not between 0 and open_balance
    or cumulative_expected_mxn not between 0 and open_balance_mxn
    or expected_collections < 0
