-- One row per kind of tax factor (c_TipoFactor), No objeto for lines without IVA, and the unknown.
select
    code as tax_factor,
    description_es,
    description_en,
from {{ ref('c_TipoFactor') }}
union all by name
select
    'No objeto' as tax_factor,
    'Sin IVA trasladado' as description_es,
    'No IVA transferred' as description_en,
union all by name
select
    'unknown' as tax_factor,
    'Desconocido' as description_es,
    'Unknown' as description_en,
