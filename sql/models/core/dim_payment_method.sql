-- One row per payment method, PUE or PPD (c_MetodoPago), and the unknown one.
select
    code as payment_method_code,
    description_es,
    description_en,
    expected_forma_pago,
    cast(requires_rep as boolean) as requires_rep,
from {{ ref('c_MetodoPago') }}
union all by name
select
    'unknown' as payment_method_code,
    'Desconocido' as description_es,
    'Unknown' as description_en,
