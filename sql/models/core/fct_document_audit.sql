-- One row per audit of a support document; is_latest for the last of its context by the as-of day.
with audits as (
    select
        audits.* exclude (context_type, context_id),
        documents.document_key,
        documents.as_of_date,
        coalesce(audits.context_type, 'unknown') as context_type,
        coalesce(audits.context_id, 'unknown') as context_id,
        documents.is_in_scope
        and coalesce(audits.audited_date <= documents.as_of_date, true) as is_in_scope,
    from {{ ref('stg_support_document_audits') }} as audits
    inner join {{ ref('fct_support_document') }} as documents
        on audits.team_id = documents.team_id and audits.document_id = documents.document_id
)

select
    {{ key(['team_id', 'document_id', 'audit_number']) }} as document_audit_key,
    document_key,
    team_id,
    document_id,
    context_type,
    context_id,
    coalesce(result, 'unknown') as audit_result,
    summary as audit_summary,
    cast(audit_number as integer) as audit_number,
    coalesce(result = 'valid', false) as is_passed,
    is_in_scope
    and row_number() over (
        partition by document_key, context_type, context_id, is_in_scope
        order by audited_at desc nulls last, audit_number desc
    ) = 1 as is_latest,
    is_in_scope,
    audited_date,
    as_of_date,
    audited_at,
from audits
