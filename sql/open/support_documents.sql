-- Parents whose documents are about to change: under review, or valid for not much longer.
select distinct
    support_document_parents.team_id,
    support_document_parents.parent_id
from gigstack.support_documents
inner join gigstack.support_document_parents using (team_id, document_id)
where
    support_documents.deleted_at is null
    and (
        support_documents.compliance_status in ('pending_review', 'requires_update')
        or support_documents.valid_until between now() - interval 2 days and now() + interval 7 days
    )
