-- One row per month or bimester of a global invoice (c_Meses), and the unknown one.
select
    code as global_months_code,
    description_es,
    description_en,
    period_kind,
    cast(month_from as integer) as month_from,
    cast(month_to as integer) as month_to,
from {{ ref('c_Meses') }}
union all by name
select
    'unknown' as global_months_code,
    'Desconocido' as description_es,
    'Unknown' as description_en,
