-- complements: one row per team and status of what is owed, in pesos.
select
    coalesce(team_names.name, owed.team_id) as team,
    owed.rep_status,
    count(*) as complements_count,
    sum(owed.owed_amount_mxn) as owed_amount_mxn,
    fraction(
        sum(owed.owed_amount_mxn) filter (owed.evidence_tier <= 2), sum(owed.owed_amount_mxn)
    ) as tier_1_2_pct,
    fraction(sum(owed.owed_amount_mxn) filter (owed.evidence_tier = 3), sum(owed.owed_amount_mxn))
        as tier_3_pct,
    fraction(sum(owed.owed_amount_mxn) filter (owed.evidence_tier = 4), sum(owed.owed_amount_mxn))
        as tier_4_pct,
    count(*) filter (owed.is_fx_missing) as fx_missing_count,
    min(owed.rep_due_date) as rep_due_date,
from marts.mart_rep_owed as owed
left join team_names on owed.team_id = team_names.team_id
where owed.is_owed
group by owed.team_id, team_names.name, owed.rep_status
order by team, owed.rep_status;
