-- The running month closes at today's open items; what is open by a centavo or less stands apart.
with closing as (
    select
        team_id,
        currency_code,
        closing,
        closing_mxn,
    from {{ ref('mart_ar_rollforward_monthly') }}
    qualify row_number() over (
        partition by team_id, currency_code order by month_start_date desc
    ) = 1
),

open_items as (
    select
        team_id,
        currency_code,
        sum(open_balance) as open_balance,
        coalesce(sum(open_balance_mxn), 0) as open_balance_mxn,
    from {{ ref('fct_invoice_balance') }}
    where is_receivable and is_in_scope
    group by all
)

select
    closing.*,
    open_items.*,
from closing
full join open_items
    on closing.team_id = open_items.team_id and closing.currency_code = open_items.currency_code
where
    closing.closing is distinct from open_items.open_balance
    or closing.closing_mxn is distinct from open_items.open_balance_mxn
