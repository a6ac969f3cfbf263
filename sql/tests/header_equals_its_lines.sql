-- CFDI whose lines differ from the header by more than the currency's smallest amount each: that is
-- what the API says.
select
    team_id,
    cfdi_key,
    net_amount,
    lines_net_amount,
from {{ ref('fct_cfdi') }}
where
    revenue_sign <> 0
    and lines_count > 0
    and abs(lines_rounding_difference)
    > if({{ decimals_of('currency_code') }} = 0, 1, 0.01) * lines_count
