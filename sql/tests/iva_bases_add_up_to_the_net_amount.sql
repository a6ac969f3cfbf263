-- CFDI without IEPS whose bases of IVA, of all classes, are not their net amount.
with bases as (
    select
        cfdi_key,
        count(*) as classes,
        sum(base_amount) as base_amount,
    from {{ ref('fct_cfdi_tax') }}
    where iva_rate_class is not null
    group by cfdi_key
),

excise as (
    select cfdi_key,
    from {{ ref('fct_cfdi_tax') }}
    where tax_name <> 'IVA' and not is_withheld
)

select
    documents.team_id,
    documents.cfdi_key,
    documents.net_amount,
    bases.base_amount,
from {{ ref('fct_cfdi') }} as documents
inner join bases on documents.cfdi_key = bases.cfdi_key
anti join excise on documents.cfdi_key = excise.cfdi_key
where
    abs(documents.net_amount - bases.base_amount)
    > if({{ decimals_of('documents.currency_code') }} = 0, 1, 0.01)
    * (bases.classes + documents.lines_count)
