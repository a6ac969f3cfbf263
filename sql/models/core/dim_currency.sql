-- One row per currency in use (c_Moneda), and the unknown one.
select
    code as currency_code,
    description_es,
    description_en,
    variation_raw,
    cast(decimals as integer) as decimals,
    cast(exchange_rate_required as boolean) as exchange_rate_required,
    cast(is_current as boolean) as is_current,
from {{ ref('c_Moneda') }}
union all by name
select
    'unknown' as currency_code,
    'Desconocido' as description_es,
    'Unknown' as description_en,
