-- The last balance of a client's account is what its invoices have open.
with ends as (
    select
        team_id,
        client_key,
        currency_code,
        arg_max(running_balance, movement_number) as balance,
    from {{ ref('mart_client_statement') }}
    group by all
),

open_items as (
    select
        team_id,
        client_key,
        currency_code,
        sum(open_balance) as balance,
    from {{ ref('fct_invoice_balance') }}
    where is_receivable and is_in_scope
    group by all
)

select
    ends.*,
    open_items.balance as open_balance,
from ends
left join open_items
    on
        ends.team_id = open_items.team_id
        and ends.client_key = open_items.client_key
        and ends.currency_code = open_items.currency_code
where ends.balance <> coalesce(open_items.balance, 0)
