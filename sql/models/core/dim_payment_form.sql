-- One row per way in which money moved (c_FormaPago), and the unknown one.
select
    code as payment_form_code,
    description_es,
    description_en,
    payment_family,
    cast(is_banked_sat as boolean) as is_banked_sat,
    cast(is_money_inflow as boolean) as is_money_inflow,
    cast(is_current as boolean) as is_current,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to,
from {{ ref('c_FormaPago') }}
union all by name
select
    'unknown' as payment_form_code,
    'Desconocido' as description_es,
    'Unknown' as description_en,
