-- One row per period of a global invoice (c_Periodicidad), and the unknown one.
select
    code as global_periodicity_code,
    description_es,
    description_en,
    period_kind,
    c_meses_range,
    issuer_regime_restriction,
from {{ ref('c_Periodicidad') }}
union all by name
select
    'unknown' as global_periodicity_code,
    'Desconocido' as description_es,
    'Unknown' as description_en,
