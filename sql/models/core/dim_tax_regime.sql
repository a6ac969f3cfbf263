-- One row per tax regime (c_RegimenFiscal), and the unknown one.
select
    code as tax_regime_code,
    description_es,
    description_en,
    cast(applies_fisica as boolean) as applies_fisica,
    cast(applies_moral as boolean) as applies_moral,
    cast(is_current as boolean) as is_current,
    note,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to,
from {{ ref('c_RegimenFiscal') }}
union all by name
select
    'unknown' as tax_regime_code,
    'Desconocido' as description_es,
    'Unknown' as description_en,
