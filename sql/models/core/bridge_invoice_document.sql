-- One row per valid invoice (I) and support document that counts for it: linked to the invoice, to
-- a payment or receipt of it, or its client's and valid on the day of issue. What ended before the
-- issue counts not, what ends later does: a rejected one, and an expired one whose end is unknown,
-- count nowhere.
with documents as (
    select *, from {{ ref('fct_support_document') }}
    where is_in_scope and (is_counting or (is_approved and valid_until_date is not null))
),

ways as (
    select
        document_key,
        entity_key as cfdi_key,
        if(link_kind = 'linked', 'invoice', 'client') as evidence_path,
        if(link_kind = 'linked', 1, 4) as rank,
    from {{ ref('bridge_document_entity') }}
    where entity_type = 'invoice' and link_kind <> 'listed' and is_entity_known
    union all
    select
        links.document_key,
        paid.cfdi_key,
        'payment' as evidence_path,
        2 as rank,
    from {{ ref('bridge_document_entity') }} as links
    inner join {{ ref('fct_payment_invoice') }} as paid on links.entity_key = paid.payment_key
    where
        links.entity_type = 'payment' and links.link_kind = 'linked'
        and paid.is_collected and paid.is_in_scope
    union all
    select
        links.document_key,
        invoices.cfdi_key,
        'receipt' as evidence_path,
        3 as rank,
    from {{ ref('bridge_document_entity') }} as links
    inner join {{ ref('stg_receipt_invoices') }} as taken
        on links.team_id = taken.team_id and links.entity_id = taken.receipt_id
    inner join {{ ref('bridge_cfdi_reference') }} as invoices
        on taken.team_id = invoices.team_id and taken.invoice_id = invoices.reference
    where links.entity_type = 'receipt' and links.link_kind = 'linked'
),

strongest as (
    select
        document_key,
        cfdi_key,
        arg_min(evidence_path, rank) as evidence_path,
    from ways
    group by document_key, cfdi_key
)

select
    {{ key(['strongest.cfdi_key', 'strongest.document_key']) }} as invoice_document_key,
    strongest.cfdi_key,
    strongest.document_key,
    invoices.client_key,
    invoices.team_id,
    invoices.cfdi_id,
    documents.document_id,
    documents.document_type,
    documents.evidence_role,
    strongest.evidence_path,
    documents.ai_confidence,
    documents.is_approved,
    true as is_in_scope,
from strongest
inner join documents on strongest.document_key = documents.document_key
inner join {{ ref('fct_cfdi') }} as invoices on strongest.cfdi_key = invoices.cfdi_key
where
    invoices.cfdi_type_code = 'I' and invoices.is_valid
    and coalesce(invoices.issue_date <= documents.valid_until_date, true)
