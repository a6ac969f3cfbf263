-- One row per relation between CFDI (c_TipoRelacion), and the unknown one.
select
    code as relation_type_code,
    description_es,
    description_en,
    relation_kind,
    related_cfdi_types_allowed,
    cast(is_current as boolean) as is_current,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to,
from {{ ref('c_TipoRelacion') }}
union all by name
select
    'unknown' as relation_type_code,
    'Desconocido' as description_es,
    'Unknown' as description_en,
