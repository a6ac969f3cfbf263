-- aging: one row per team and bucket of days past due, in pesos.
select
    coalesce(team_names.name, items.team_id) as team,
    items.aging_bucket,
    count(*) as invoices_count,
    sum(items.open_balance_mxn) as open_balance_mxn,
    fraction(
        sum(items.open_balance_mxn) filter (items.evidence_tier <= 2), sum(items.open_balance_mxn)
    ) as tier_1_2_pct,
    fraction(
        sum(items.open_balance_mxn) filter (items.evidence_tier = 3), sum(items.open_balance_mxn)
    ) as tier_3_pct,
    fraction(
        sum(items.open_balance_mxn) filter (items.evidence_tier = 4), sum(items.open_balance_mxn)
    ) as tier_4_pct,
    fraction(
        sum(items.open_balance_mxn) filter (items.evidence_tier is null),
        sum(items.open_balance_mxn)
    ) as unpaid_pct,
    count(*) filter (items.is_fx_missing) as fx_missing_count,
from marts.mart_ar_open_items as items
left join team_names on items.team_id = team_names.team_id
group by items.team_id, team_names.name, items.aging_bucket
order by team, items.aging_bucket;
