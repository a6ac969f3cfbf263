-- One row per use that a receiver makes of a CFDI (c_UsoCFDI), and the unknown one.
select
    code as cfdi_use_code,
    description_es,
    description_en,
    receiver_regimes,
    note,
    cast(applies_fisica as boolean) as applies_fisica,
    cast(applies_moral as boolean) as applies_moral,
    cast(is_current as boolean) as is_current,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to,
from {{ ref('c_UsoCFDI') }}
union all by name
select
    'unknown' as cfdi_use_code,
    'Desconocido' as description_es,
    'Unknown' as description_en,
