-- One row per tax (c_Impuesto), and the unknown one.
select
    code as tax_code,
    description_es,
    description_en,
    scope,
    cast(allows_withholding as boolean) as allows_withholding,
    cast(allows_transfer as boolean) as allows_transfer,
from {{ ref('c_Impuesto') }}
union all by name
select
    'unknown' as tax_code,
    'Desconocido' as description_es,
    'Unknown' as description_en,
