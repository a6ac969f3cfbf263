-- expiring: one row per document that expired or is about to, the earliest first.
select
    documents.expiry_window,
    documents.valid_until_date,
    documents.days_to_expiry,
    coalesce(documents.document_name, documents.document_id) as document_name,
    documents.document_type,
    documents.client_name,
    coalesce(team_names.name, documents.team_id) as team,
    documents.invoices_depending,
    documents.amount_depending_mxn,
    documents.has_renewal,
    documents.compliance_status,
from marts.mart_documents_expiring as documents
left join team_names on documents.team_id = team_names.team_id
order by documents.valid_until_date, documents.document_key;
