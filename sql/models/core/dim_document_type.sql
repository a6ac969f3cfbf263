-- One row per type of support document and the role that it plays as evidence of an operation.
select
    types.code as document_type,
    types.description_es,
    types.description_en,
    types.evidence_role,
    roles.description_es as evidence_role_es,
    types.default_scope,
    cast(roles.weight as integer) as evidence_weight,
from {{ ref('support_document_type') }} as types
left join {{ ref('evidence_role') }} as roles on types.evidence_role = roles.evidence_role
union all by name
select
    'unknown' as document_type,
    'Desconocido' as description_es,
    'Unknown' as description_en,
    'none' as evidence_role,
