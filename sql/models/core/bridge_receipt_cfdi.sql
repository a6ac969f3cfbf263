-- One row per receipt and income invoice that takes it. Each receipt belongs in one valid invoice:
-- globals_count and is_named_too tell where there are more.
with pairs as (
    select distinct
        receipts.receipt_key,
        invoices.cfdi_key,
        receipts.team_id,
        receipts.receipt_id,
        invoices.cfdi_id,
        invoices.is_global,
        invoices.is_valid,
    from {{ ref('stg_receipt_invoices') }} as links
    inner join {{ ref('fct_receipt') }} as receipts
        on links.team_id = receipts.team_id and links.receipt_id = receipts.receipt_id
    inner join {{ ref('bridge_cfdi_reference') }} as named
        on links.team_id = named.team_id and links.invoice_id = named.reference
    inner join {{ ref('fct_cfdi') }} as invoices on named.cfdi_key = invoices.cfdi_key
    where invoices.cfdi_type_code = 'I' and invoices.is_in_scope and invoices.is_stamped
)

select
    {{ key(['receipt_key', 'cfdi_key']) }} as receipt_cfdi_key,
    receipt_key,
    cfdi_key,
    team_id,
    receipt_id,
    cfdi_id,
    cast(count(*) filter (where is_valid and is_global) over one_receipt as integer)
        as globals_count,
    is_global,
    is_valid,
    count(*) filter (where is_valid and not is_global) over one_receipt > 0 as is_named_too,
from pairs
window one_receipt as (partition by receipt_key)
