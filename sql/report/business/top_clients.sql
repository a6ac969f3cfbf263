-- top_clients: the fifteen clients that owe the most, in pesos; a client belongs to one team.
with clients as (
    select
        items.client_key,
        sum(items.open_balance_mxn) as open_balance_mxn,
        coalesce(any_value(items.client_name), any_value(items.client_id)) as client_name,
        coalesce(any_value(team_names.name), items.team_id) as team,
        count(*) as invoices_count,
        coalesce(sum(items.open_balance_mxn) filter (items.days_past_due > 0), 0) as overdue_mxn,
        coalesce(sum(items.open_balance_mxn) filter (items.days_past_due > 90), 0) as over_90_mxn,
        fraction(
            sum(items.open_balance_mxn) filter (items.evidence_tier <= 2),
            sum(items.open_balance_mxn)
        ) as tier_1_2_pct,
        fraction(
            sum(items.open_balance_mxn) filter (items.evidence_tier = 3),
            sum(items.open_balance_mxn)
        ) as tier_3_pct,
        fraction(
            sum(items.open_balance_mxn) filter (items.evidence_tier = 4),
            sum(items.open_balance_mxn)
        ) as tier_4_pct,
        fraction(
            sum(items.open_balance_mxn) filter (items.evidence_tier is null),
            sum(items.open_balance_mxn)
        ) as unpaid_pct,
        min(items.due_date) as due_date,
    from marts.mart_ar_open_items as items
    left join team_names on items.team_id = team_names.team_id
    group by items.team_id, items.client_key
    having sum(items.open_balance_mxn) > 0
    order by open_balance_mxn desc, items.client_key asc
    limit 15
)

-- a name that two of them bear is told apart by the team
select
    open_balance_mxn,
    if(
        count(*) over (partition by client_name) > 1, client_name || ' · ' || team, client_name
    ) as client_name,
    * exclude (open_balance_mxn, client_name, client_key),
from clients
order by open_balance_mxn desc, client_key asc;
