-- One row per support document and compliance status that a load saw, in the order seen. The
-- warehouse holds a document's newest version only, so each build adds what changed since the build
-- before; full_refresh=false, because what was seen earlier can be read nowhere again.
{{ config(materialized='incremental', full_refresh=false) }}
{%- set seen_before = this if is_incremental() else
    "(select '' as document_key, '' as compliance_status, 0 as status_number where false)" %}
with documents as (
    select
        {{ key(['team_id', 'document_id']) }} as document_key,
        team_id,
        document_id,
        {{ code('compliance_status') }} as compliance_status,
        updated_at as changed_at,
        loaded_at as first_seen_at,
    from {{ ref('stg_support_documents') }}
),

held as (
    select
        document_key,
        arg_max(compliance_status, status_number) as compliance_status,
        max(status_number) as status_number,
    from {{ seen_before }}
    group by document_key
)

select
    {{ key(['documents.document_key', 'coalesce(held.status_number, 0) + 1']) }}
        as document_status_key,
    documents.document_key,
    documents.team_id,
    documents.document_id,
    documents.compliance_status,
    held.compliance_status as previous_status,
    cast(coalesce(held.status_number, 0) + 1 as integer) as status_number,
    documents.changed_at,
    documents.first_seen_at,
from documents
left join held on documents.document_key = held.document_key
where documents.compliance_status is distinct from held.compliance_status
