-- One row per team and name (id or folio fiscal) by which other objects refer to a CFDI.
select
    team_id,
    reference,
    {{ key(['team_id', 'invoice_id']) }} as cfdi_key,
    invoice_id as cfdi_id,
    cfdi_type_code,
from (
    select
        team_id,
        invoice_id,
        cfdi_type_code,
        unnest(list_distinct([invoice_id, uuid])) as reference,
    from {{ ref('stg_invoices') }}
)
-- a folio fiscal belongs to one CFDI; should two objects carry it, the one that has it as its id
qualify row_number() over (
    partition by team_id, reference order by reference <> cfdi_id, cfdi_id
) = 1
