-- One row per kind of tax factor (c_TipoFactor), and the unknown one.
select
    code as tax_factor_code,
    description_es,
    description_en,
from {{ ref('c_TipoFactor') }}
union all by name
select
    'unknown' as tax_factor_code,
    'Desconocido' as description_es,
    'Unknown' as description_en,
