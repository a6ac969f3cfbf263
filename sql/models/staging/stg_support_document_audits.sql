-- One row per audit of a support document.
select
    team_id,
    document_id,
    context_id,
    context_type,
    result,
    summary,
    details,
    audit_number,
    {{ local_date('audited_at') }} as audited_date,
    audited_at,
from {{ source('gigstack', 'support_document_audits') }}
