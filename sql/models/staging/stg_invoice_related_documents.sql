-- One row per CFDI that a CFDI relates to (SAT TipoRelacion).
-- `make generate` writes this view.
select
    team_id,
    invoice_id,
    {{ listed('relationship', 'c_TipoRelacion') }} as relation_type_code,
    related_uuid,
    relation_number,
    document_number,
from {{ source('gigstack', 'invoice_related_documents') }}
