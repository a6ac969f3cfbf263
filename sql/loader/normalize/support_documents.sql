-- support_documents: one row per document; it may come back under several parents.
-- API: GET /clients/{id}/support-documents, and the same of /invoices and /payments.
-- Topic: proven, audited, linked.
-- name (personal): What the document is called.
-- description (personal): Free text about the document.
set variable shape = '{
    "id": "VARCHAR",
    "document_type": "VARCHAR",
    "name": "VARCHAR",
    "description": "VARCHAR",
    "file_url": "IGNORED",
    "file_name": "VARCHAR",
    "file_size": "BIGINT",
    "mime_type": "VARCHAR",
    "compliance_status": "VARCHAR",
    "compliance_notes": "VARCHAR",
    "valid_from": "ANY_TIME",
    "valid_until": "ANY_TIME",
    "validUntil": "ANY_TIME",
    "ai_extraction": {
        "extracted_at": "TIME",
        "extracted_by": "VARCHAR",
        "model": "VARCHAR",
        "confidence": "DOUBLE",
        "extracted_data": "JSON",
        "warnings": ["VARCHAR"]
    },
    "audits": [
        {
            "context_type": "VARCHAR",
            "context_id": "VARCHAR",
            "audited_at": "TIME",
            "result": "VARCHAR",
            "summary": "VARCHAR",
            "details": "JSON"
        }
    ],
    "linked_entities": [
        {"entity_type": "VARCHAR", "entity_id": "VARCHAR", "linked_at": "TIME"}
    ],
    "tags": "JSON",
    "metadata": "JSON",
    "team": "VARCHAR",
    "livemode": "BOOLEAN",
    "created_at": "TIME",
    "created": "TIME",
    "created_by": "VARCHAR",
    "updated_at": "TIME"
}';

create or replace temp view support_documents as
select
    origin,
    team_id,
    as_text(o.id) as document_id,
    as_text(o.document_type) as document_type,
    as_text(o.name) as name,
    as_text(o.description) as description,
    as_text(o.file_name) as file_name,
    as_text(o.mime_type) as mime_type,
    as_text(o.compliance_status) as compliance_status,
    as_text(o.compliance_notes) as compliance_notes,
    as_text(o.ai_extraction.extracted_by) as ai_extraction_extracted_by,
    as_text(o.ai_extraction.model) as ai_extraction_model,
    as_text(o.created_by) as created_by,
    as_text(o.team) as team,
    o.ai_extraction.extracted_data as ai_extraction_extracted_data,
    o.tags as tags,
    o.metadata as metadata,
    o.file_size as file_size,
    o.ai_extraction.confidence as ai_extraction_confidence,
    o.livemode as livemode,
    as_time(o.valid_from) as valid_from,
    as_time(coalesce(o.valid_until, o."validUntil")) as valid_until,
    as_time(o.ai_extraction.extracted_at) as ai_extraction_extracted_at,
    as_time(coalesce(o.created_at, o.created)) as created_at,
    coalesce(as_time(o.updated_at), greatest(created_at, ai_extraction_extracted_at))
        as updated_at,
    if(as_time(o.updated_at) is null, 'lifecycle', 'api') as updated_at_basis,
    row_hash,
    o._extra::json as extra,
from records;

-- support_document_audits: one row per audit of a document, numbered as listed.
-- result (not personal): Outcome: valid, invalid or needs_review.
create or replace temp view support_document_audits as
with audits as (
    select
        origin,
        team_id,
        as_text(o.id) as document_id,
        generate_subscripts(o.audits, 1) as audit_number,
        unnest(o.audits) as audit,
    from records
)

select
    origin,
    team_id,
    document_id,
    audit_number,
    as_text(audit.context_type) as context_type,
    as_text(audit.context_id) as context_id,
    as_text(audit.result) as result,
    as_text(audit.summary) as summary,
    audit.details as details,
    as_time(audit.audited_at) as audited_at,
    audit._extra::json as extra,
from audits
where audit is not null;

-- support_document_linked_entities: one row per object a document is linked to, numbered as listed.
create or replace temp view support_document_linked_entities as
with links as (
    select
        origin,
        team_id,
        as_text(o.id) as document_id,
        generate_subscripts(o.linked_entities, 1) as link_number,
        unnest(o.linked_entities) as link,
    from records
)

select
    origin,
    team_id,
    document_id,
    link_number,
    as_text(link.entity_type) as entity_type,
    as_text(link.entity_id) as entity_id,
    as_time(link.linked_at) as linked_at,
    link._extra::json as extra,
from links
where link is not null;

-- support_document_warnings: one row per warning of the extraction, numbered as listed.
create or replace temp view support_document_warnings as
with warnings as (
    select
        origin,
        team_id,
        as_text(o.id) as document_id,
        generate_subscripts(o.ai_extraction.warnings, 1) as warning_number,
        unnest(o.ai_extraction.warnings) as warning,
    from records
)

select
    origin,
    team_id,
    document_id,
    warning_number,
    warning,
    null::json as extra,
from warnings
where warning <> '';

-- support_document_parents: one row per document and object that it was listed under.
-- parent_id (not personal): The client, invoice or payment that lists the document.
create or replace temp view support_document_parents as
select
    origin,
    team_id,
    as_text(o.id) as document_id,
    kind as parent_type,
    parent_id,
from records
where document_id is not null and parent_type is not null and parent_id is not null;
