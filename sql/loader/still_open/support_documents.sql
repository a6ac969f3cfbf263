-- Parents whose documents are about to change: under review, or about to expire.
select distinct
    links.team_id,
    links.parent_id,
from gigstack.support_document_parents as links
inner join gigstack.support_documents as documents
    on
        links.team_id = documents.team_id
        and links.document_id = documents.document_id
where
    documents.deleted_at is null
    and (
        documents.compliance_status in ('pending_review', 'requires_update')
        or documents.valid_until between now() - interval 2 days and now() + interval 7 days
    )
