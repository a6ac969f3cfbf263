-- CFDI whose split of taxes does not add up to the header, on either side.
with split as (
    select
        cfdi_key,
        coalesce(sum(tax_amount) filter (where not is_withheld), 0) as transferred,
        coalesce(sum(tax_amount) filter (where is_withheld), 0) as withheld,
    from {{ ref('fct_cfdi_tax') }}
    where not is_outside_header
    group by cfdi_key
)

select
    documents.team_id,
    documents.cfdi_key,
    documents.transferred_taxes,
    split.transferred,
    documents.withheld_taxes,
    split.withheld,
from {{ ref('fct_cfdi') }} as documents
inner join {{ ref('stg_invoices') }} as invoices
    on documents.team_id = invoices.team_id and documents.cfdi_id = invoices.invoice_id
left join split on documents.cfdi_key = split.cfdi_key
where
    documents.revenue_sign <> 0
    and (
        (
            invoices.transferred_taxes is not null
            and documents.transferred_taxes <> coalesce(split.transferred, 0)
        )
        or (
            invoices.withheld_taxes is not null
            and documents.withheld_taxes <> coalesce(split.withheld, 0)
        )
    )
