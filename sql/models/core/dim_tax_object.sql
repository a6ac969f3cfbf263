-- One row per whether a line is subject to tax (c_ObjetoImp), and the unknown one.
select
    code as tax_object_code,
    description_es,
    description_en,
    cast(iva_breakdown_expected as boolean) as iva_breakdown_expected,
    cast(ieps_breakdown_expected as boolean) as ieps_breakdown_expected,
    cast(is_current as boolean) as is_current,
    cast(valid_from as date) as valid_from,
from {{ ref('c_ObjetoImp') }}
union all by name
select
    'unknown' as tax_object_code,
    'Desconocido' as description_es,
    'Unknown' as description_en,
