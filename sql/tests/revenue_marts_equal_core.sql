-- Revenue by month, by client and at the last snapshot is that of core, and the restatement is
-- explained by its parts.
with core_revenue as (
    select
        team_id,
        issue_month,
        coalesce(sum(signed_net_amount_mxn), 0) as revenue,
    from {{ ref('fct_cfdi') }}
    where is_valid and revenue_sign <> 0
    group by all
),

by_month as (
    select
        team_id,
        issue_month,
        sum(invoiced_revenue_mxn) as revenue,
    from {{ ref('mart_revenue_monthly') }}
    group by all
),

by_client as (
    select
        team_id,
        issue_month,
        sum(invoiced_revenue_mxn) as revenue,
    from {{ ref('mart_revenue_client_monthly') }}
    group by all
),

at_snapshot as (
    select
        team_id,
        issue_month,
        sum(revenue_at_snapshot_mxn) as revenue,
    from {{ ref('mart_revenue_restatement') }}
    where is_current_snapshot
    group by all
)

select
    coalesce(
        core_revenue.team_id, by_month.team_id, by_client.team_id, at_snapshot.team_id
    ) as team_id,
    coalesce(
        core_revenue.issue_month, by_month.issue_month, by_client.issue_month,
        at_snapshot.issue_month
    ) as issue_month,
    core_revenue.revenue,
    by_month.revenue as revenue_by_month,
    by_client.revenue as revenue_by_client,
    at_snapshot.revenue as revenue_at_snapshot,
from core_revenue
full join by_month
    on core_revenue.team_id = by_month.team_id and core_revenue.issue_month = by_month.issue_month
full join by_client
    on
        coalesce(core_revenue.team_id, by_month.team_id) = by_client.team_id
        and coalesce(core_revenue.issue_month, by_month.issue_month) = by_client.issue_month
full join at_snapshot
    on
        coalesce(core_revenue.team_id, by_month.team_id, by_client.team_id) = at_snapshot.team_id
        and coalesce(core_revenue.issue_month, by_month.issue_month, by_client.issue_month)
        = at_snapshot.issue_month
where
    coalesce(core_revenue.revenue, 0) <> coalesce(by_month.revenue, 0)
    or coalesce(core_revenue.revenue, 0) <> coalesce(by_client.revenue, 0)
    or coalesce(core_revenue.revenue, 0) <> coalesce(at_snapshot.revenue, 0)
