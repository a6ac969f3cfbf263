-- One row per motive of a cancellation, and the unknown one.
select
    code as cancellation_motive_code,
    description_es,
    description_en,
    typical_use,
    cast(requires_substitution_uuid as boolean) as requires_substitution_uuid,
    cast(expects_replacement as boolean) as expects_replacement,
from {{ ref('c_MotivoCancelacion') }}
union all by name
select
    'unknown' as cancellation_motive_code,
    'Desconocido' as description_es,
    'Unknown' as description_en,
