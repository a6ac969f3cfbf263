-- What was sold by item is the sum of the lines of valid invoices and notes.
with core_lines as (
    select
        team_id,
        issue_month,
        currency_code,
        sum(revenue_sign * lines_net_amount) as net_sales,
    from {{ ref('fct_cfdi') }}
    where is_valid and cfdi_type_code in ('I', 'E') and lines_count > 0
    group by all
),

items as (
    select
        team_id,
        issue_month,
        currency_code,
        sum(net_sales) as net_sales,
    from {{ ref('mart_revenue_item_monthly') }}
    group by all
)

select
    core_lines.*,
    items.*,
from core_lines
full join items
    on
        core_lines.team_id = items.team_id
        and core_lines.issue_month = items.issue_month
        and core_lines.currency_code = items.currency_code
where core_lines.net_sales is distinct from items.net_sales
