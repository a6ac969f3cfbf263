-- One row per support document. Its status is today's; fct_document_status tells those before it.
-- What an extraction read out of it stays in gigstack.support_documents: it is personal data.
with warnings as (
    select
        team_id,
        document_id,
        cast(count(*) as integer) as warnings_count,
        string_agg(warning, '; ' order by warning_number) as warnings,
    from {{ ref('stg_support_document_warnings') }}
    group by team_id, document_id
),

links as (
    select
        document_key,
        cast(count(*) filter (where link_kind <> 'inherited' and is_evidence) as integer)
            as links_count,
        min(client_key) filter (where is_evidence and client_key <> 'unknown') as client_key,
    from {{ ref('bridge_document_entity') }}
    group by document_key
),

since as (
    select
        document_key,
        cast(count(*) as integer) as statuses_count,
        max(changed_at) as status_changed_at,
    from {{ ref('fct_document_status') }}
    group by document_key
)

select
    {{ key(['documents.team_id', 'documents.document_id']) }} as document_key,
    coalesce(links.client_key, 'unknown') as client_key,
    documents.team_id,
    documents.document_id,
    {{ code('documents.document_type') }} as document_type,
    coalesce(types.evidence_role, 'none') as evidence_role,
    documents.name as document_name,
    documents.description,
    documents.file_name,
    documents.mime_type,
    {{ code('documents.compliance_status') }} as compliance_status,
    documents.compliance_notes,
    documents.ai_extraction_model as ai_model,
    if(
        documents.document_type = {{ setting_text('opinion_document_type') }},
        documents.ai_extraction_extracted_data ->> {{ setting_text('opinion_sense_key') }},
        null
    ) as opinion_sense,
    warnings.warnings,
    cast(documents.file_size as bigint) as file_size,
    documents.ai_extraction_confidence as ai_confidence,
    coalesce(warnings.warnings_count, 0) as warnings_count,
    coalesce(links.links_count, 0) as links_count,
    coalesce(since.statuses_count, 0) as statuses_count,
    coalesce(statuses.is_approved = 'true', false) as is_approved,
    coalesce(statuses.is_counting = 'true', true) as is_counting,
    coalesce(documents.is_live, true)
    and coalesce(documents.deleted_date > teams.as_of_date, true)
    and coalesce(documents.created_date <= teams.as_of_date, true) as is_in_scope,
    coalesce(documents.is_live, true) as is_live,
    documents.deleted_at is not null as is_deleted,
    documents.created_date,
    documents.valid_from_date,
    documents.valid_until_date,
    coalesce(
        {{ local_date('since.status_changed_at', 'documents.team_id') }}, documents.created_date
    ) as status_since_date,
    teams.as_of_date,
    documents.created_at,
    documents.updated_at,
    documents.loaded_at,
from {{ ref('stg_support_documents') }} as documents
inner join {{ ref('dim_team') }} as teams on documents.team_id = teams.team_id
left join {{ ref('dim_document_type') }} as types on documents.document_type = types.document_type
left join {{ ref('support_document_status') }} as statuses
    on documents.compliance_status = statuses.code
left join warnings
    on documents.team_id = warnings.team_id and documents.document_id = warnings.document_id
left join links on {{ key(['documents.team_id', 'documents.document_id']) }} = links.document_key
left join since on {{ key(['documents.team_id', 'documents.document_id']) }} = since.document_key
