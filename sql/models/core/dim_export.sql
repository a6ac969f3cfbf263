-- One row per kind of export (c_Exportacion), and the unknown one.
select
    code as export_code,
    description_es,
    description_en,
    cast(is_current as boolean) as is_current,
    cast(valid_from as date) as valid_from,
from {{ ref('c_Exportacion') }}
union all by name
select
    'unknown' as export_code,
    'Desconocido' as description_es,
    'Unknown' as description_en,
