-- complements_owed: one row per payment and PPD invoice that lacks a complement, the largest first.
select
    owed.rep_status,
    owed.rep_due_date,
    owed.days_to_due,
    coalesce(owed.client_name, owed.client_key) as client_name,
    coalesce(team_names.name, owed.team_id) as team,
    owed.owed_amount,
    owed.currency_code,
    owed.owed_amount_mxn,
    owed.evidence_tier,
    owed.payment_date,
    owed.uuid,
from marts.mart_rep_owed as owed
left join team_names on owed.team_id = team_names.team_id
where owed.is_owed
order by owed.owed_amount_mxn desc nulls last, owed.payment_invoice_key asc;
