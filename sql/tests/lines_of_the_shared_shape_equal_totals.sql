-- Lines and headers of the shared shape add up to the signed totals of core.
with lines as (
    select
        source_relation as team_id,
        currency as currency_code,
        sum(total_amount) as total,
    from {{ ref('gigstack__line_item_enhanced') }}
    group by source_relation, currency
),

core as (
    select
        team_id,
        currency_code,
        sum(revenue_sign * (net_amount + transferred_taxes - withheld_taxes + local_taxes))
            as total,
    from {{ ref('fct_cfdi') }}
    where is_in_scope and is_stamped and revenue_sign <> 0
    group by team_id, currency_code
)

select
    core.*,
    lines.total as lines_total,
from core
full join lines on core.team_id = lines.team_id and core.currency_code = lines.currency_code
where lines.total is distinct from core.total
