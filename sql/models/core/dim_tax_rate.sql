-- One row per rule on the rate of a tax (c_TasaOCuota): a fixed value or a range.
select
    {{ key(['tax', 'factor', 'rule_type', 'value', 'is_transfer', 'is_withholding']) }}
        as tax_rate_key,
    tax as tax_label,
    split_part(tax, ' ', 1) as tax_name,
    factor as tax_factor,
    rule_type,
    cast(min_value as decimal(18, 6)) as min_rate,
    cast(value as decimal(18, 6)) as max_rate,
    cast(is_transfer as boolean) as is_transfer,
    cast(is_withholding as boolean) as is_withholding,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to,
from {{ ref('c_TasaOCuota') }}
