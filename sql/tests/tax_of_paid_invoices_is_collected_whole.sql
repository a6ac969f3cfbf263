-- Invoices that are paid to the last centavo and whose collected tax is not their tax.
with paid as (
    select
        cfdi_key,
        total,
    from {{ ref('fct_invoice_balance') }}
    where paid_to_invoice >= total and total > 0
),

collected as (
    select
        cfdi_tax_key,
        sum(tax_amount) as tax_amount,
    from {{ ref('fct_settlement_tax') }}
    group by cfdi_tax_key
)

select
    taxes.team_id,
    taxes.cfdi_tax_key,
    taxes.tax_amount,
    collected.tax_amount as collected,
from {{ ref('fct_cfdi_tax') }} as taxes
inner join paid on taxes.cfdi_key = paid.cfdi_key
left join collected on taxes.cfdi_tax_key = collected.cfdi_tax_key
where taxes.tax_amount <> coalesce(collected.tax_amount, 0)
