-- One row per support document and context in which it was audited, with the latest audit there; a
-- document that was never audited has one row (is_never_audited).
with latest as (
    select
        *,
        count(*) over (partition by document_key, context_type, context_id) as audits_count,
    from {{ live('fct_document_audit') }}
    qualify is_latest
)

select
    {{ key([
        'documents.document_key', "coalesce(latest.context_type, 'none')",
        "coalesce(latest.context_id, 'none')"
    ]) }} as document_context_key,
    documents.document_key,
    documents.client_key,
    documents.team_id,
    documents.document_id,
    coalesce(latest.context_type, 'none') as context_type,
    coalesce(latest.context_id, 'none') as context_id,
    clients.client_name,
    documents.document_name,
    documents.document_type,
    documents.compliance_status,
    documents.compliance_notes,
    coalesce(latest.audit_result, 'none') as audit_result,
    latest.audit_summary,
    documents.warnings,
    documents.ai_confidence,
    coalesce(cast(latest.audits_count as integer), 0) as audits_count,
    documents.warnings_count,
    if(
        documents.compliance_status = 'pending_review',
        cast(documents.as_of_date - documents.status_since_date as integer),
        null
    ) as days_in_review,
    coalesce(latest.is_passed, false) as is_passed,
    latest.document_key is null as is_never_audited,
    documents.is_counting,
    documents.created_date,
    latest.audited_date,
    documents.as_of_date,
from {{ live('fct_support_document') }} as documents
left join latest on documents.document_key = latest.document_key
left join {{ ref('dim_client') }} as clients on documents.client_key = clients.client_key
