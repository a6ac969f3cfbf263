-- One row per type of CFDI (c_TipoDeComprobante), and the unknown one.
select
    code as cfdi_type_code,
    description_es,
    description_en,
    cast(revenue_sign as integer) as revenue_sign,
    cast(is_current as boolean) as is_current,
    cast(valid_from as date) as valid_from,
from {{ ref('c_TipoDeComprobante') }}
union all by name
select
    'unknown' as cfdi_type_code,
    'Desconocido' as description_es,
    'Unknown' as description_en,
