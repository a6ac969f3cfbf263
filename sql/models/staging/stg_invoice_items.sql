-- One row per line (concepto) of a CFDI, numbered as listed (the API gives lines no id).
-- `make generate` writes this view.
select
    team_id,
    invoice_id,
    service_id,
    third_party_tax_id as third_party_rfc,
    description,
    sku,
    product_key as product_code,
    unit_key as unit_code,
    unit_name,
    {{ listed('taxability', 'c_ObjetoImp') }} as tax_object_code,
    customs_request,
    complement,
    property_tax_account,
    third_party_legal_name,
    {{ listed('third_party_tax_system', 'c_RegimenFiscal') }} as third_party_tax_regime_code,
    {{ zip_code('third_party_zip') }} as third_party_zip,
    item_number,
    quantity,
    unit_price,
    discount,
from {{ source('gigstack', 'invoice_items') }}
