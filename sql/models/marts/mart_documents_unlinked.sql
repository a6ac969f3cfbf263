-- One row per support document, problem of its links and object concerned: linked to nothing
-- (no_link), to something that is not there (missing_entity), to a cancelled CFDI (cancelled_cfdi,
-- with the one that replaces it), or the same file as an earlier one (duplicate).
with documents as (
    select *, from {{ live('fct_support_document') }}
),

links as (
    select *, from {{ ref('bridge_document_entity') }}
    where is_in_scope and link_kind <> 'inherited' and is_evidence
),

-- of the same client, type, file name and size: the first is the original
originals as (
    select
        document_key,
        first_value(document_id) over same_file as original_document_id,
        row_number() over same_file as copy_number,
    from documents
    where file_name is not null and file_size is not null and client_key <> 'unknown'
    window same_file as (
        partition by team_id, client_key, document_type, file_name, file_size
        order by created_at, document_id
    )
),

problems as (
    select
        document_key,
        'no_link' as problem,
        'none' as entity_type,
        'none' as entity_id,
        'unknown' as cfdi_key,
    from documents
    where links_count = 0
    union all by name
    select
        document_key,
        'missing_entity' as problem,
        entity_type,
        entity_id,
        'unknown' as cfdi_key,
    from links
    where not is_entity_known
    union all by name
    select
        links.document_key,
        'cancelled_cfdi' as problem,
        links.entity_type,
        links.entity_id,
        invoices.cfdi_key,
        if(replacements.is_valid, replacements.cfdi_id, null) as suggested_entity_id,
    from links
    inner join {{ live('fct_cfdi') }} as invoices on links.entity_key = invoices.cfdi_key
    left join {{ live('fct_cfdi') }} as replacements
        on invoices.current_cfdi_key = replacements.cfdi_key
    where links.entity_type = 'invoice' and invoices.is_cancelled
    union all by name
    select
        document_key,
        'duplicate' as problem,
        'document' as entity_type,
        original_document_id as entity_id,
        'unknown' as cfdi_key,
        original_document_id as suggested_entity_id,
    from originals
    where copy_number > 1
)

select
    {{ key(['documents.document_key', 'problems.problem', 'problems.entity_id']) }}
        as document_problem_key,
    documents.document_key,
    documents.client_key,
    problems.cfdi_key,
    documents.team_id,
    documents.document_id,
    problems.problem,
    problems.entity_type,
    problems.entity_id,
    problems.suggested_entity_id,
    clients.client_name,
    documents.document_name,
    documents.document_type,
    documents.compliance_status,
    documents.file_name,
    documents.created_date,
    documents.as_of_date,
from problems
inner join documents on problems.document_key = documents.document_key
left join {{ ref('dim_client') }} as clients on documents.client_key = clients.client_key
