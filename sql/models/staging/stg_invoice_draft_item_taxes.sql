-- One row per tax of a draft's line, numbered as listed.
-- `make generate` writes this view.
select
    team_id,
    draft_id,
    {{ tax_name('type') }} as tax_name,
    {{ listed('factor', 'c_TipoFactor') }} as tax_factor,
    item_number,
    tax_number,
    rate as tax_rate,
    base as tax_base,
    inclusive as is_inclusive,
    withholding as is_withheld,
from {{ source('gigstack', 'invoice_draft_item_taxes') }}
