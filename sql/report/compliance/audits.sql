-- audits: one row per team and newest result of its documents' audits.
select
    coalesce(team_names.name, audits.team_id) as team,
    audits.audit_result,
    count(*) as audits_count,
    count(distinct audits.document_key) as documents_count,
    min(audits.audited_date) as audited_date,
from marts.mart_document_audits as audits
left join team_names on audits.team_id = team_names.team_id
group by audits.team_id, team_names.name, audits.audit_result
order by team, audits.audit_result;
