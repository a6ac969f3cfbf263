-- audits_open: one row per document and context whose newest audit was not passed, or never ran.
select
    audits.audit_result,
    coalesce(audits.document_name, audits.document_id) as document_name,
    audits.document_type,
    audits.context_type,
    audits.client_name,
    coalesce(team_names.name, audits.team_id) as team,
    audits.audit_summary,
    audits.compliance_status,
    audits.days_in_review,
    audits.audited_date,
from marts.mart_document_audits as audits
left join team_names on audits.team_id = team_names.team_id
where audits.is_counting and (audits.is_never_audited or not audits.is_passed)
order by
    array_position(['invalid', 'needs_review', 'none'], audits.audit_result),
    audits.audited_date desc nulls last,
    audits.document_context_key asc;
