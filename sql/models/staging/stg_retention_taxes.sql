-- One row per tax of a CFDI of withheld taxes, numbered as listed.
-- `make generate` writes this view.
select
    team_id,
    retention_id,
    {{ tax_name('tax') }} as tax_name,
    payment_type,
    tax_number,
    base as tax_base,
    amount,
from {{ source('gigstack', 'retention_taxes') }}
