-- One row per audit of a document, numbered as listed.
-- `make generate` writes this view.
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
