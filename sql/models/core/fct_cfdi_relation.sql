-- One row per CFDI and other CFDI that it relates to (TipoRelacion).
select
    {{ key([
        'relations.team_id', 'relations.invoice_id', 'relations.relation_number',
        'relations.document_number'
    ]) }} as cfdi_relation_key,
    {{ key(['relations.team_id', 'relations.invoice_id']) }} as cfdi_key,
    coalesce(related.cfdi_key, 'unknown') as related_cfdi_key,
    relations.team_id,
    relations.invoice_id as cfdi_id,
    relations.related_uuid,
    {{ code('relations.relation_type_code') }} as relation_type_code,
    cast(relations.relation_number as integer) as relation_number,
    cast(relations.document_number as integer) as document_number,
    related.cfdi_key is not null as is_related_known,
from {{ ref('stg_invoice_related_documents') }} as relations
left join {{ ref('bridge_cfdi_reference') }} as related
    on relations.team_id = related.team_id and relations.related_uuid = related.reference
