-- One row per line (concepto) of a CFDI, numbered as listed. To six decimals; the header wins.
-- Incremental: the lines of invoices that were loaded anew replace those that were there.
{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail',
    pre_hook="{{ forget_changed() }}"
) }}
with invoices as (
    select
        invoices.team_id,
        invoices.invoice_id,
        coalesce(invoices.currency_code, 'MXN') as currency_code,
        invoices.exchange_rate,
        invoices.is_negative_note,
        invoices.loaded_at,
    from {{ ref('stg_invoices') }} as invoices
    {{ not_built_yet() }}
),

-- what a price includes of taxes, in parts of the net amount: IVA is on IEPS too
inclusive as (
    select
        team_id,
        invoice_id,
        item_number,
        coalesce(sum(tax_rate) filter (is_inclusive and tax_name = 'IEPS'), 0)
        + coalesce(sum(tax_rate) filter (is_inclusive and tax_name <> 'IEPS'), 0)
        * (1 + coalesce(sum(tax_rate) filter (tax_name = 'IEPS'), 0)) as inclusive_rate,
    from {{ ref('stg_invoice_item_taxes') }}
    where not coalesce(is_withheld, false) and coalesce(tax_factor, 'Tasa') = 'Tasa'
    group by all
    having bool_or(is_inclusive)
),

priced as (
    select
        items.*,
        invoices.currency_code,
        invoices.exchange_rate,
        invoices.loaded_at,
        try_cast(
            round(cast(items.quantity as decimal(38, 6)) * items.unit_price, 6) as decimal(18, 6)
        ) as price,
        coalesce(items.discount, 0) as reduction,
        if(invoices.is_negative_note, abs(price), price) as gross_amount,
        if(invoices.is_negative_note, abs(reduction), reduction) as line_discount,
        try_cast(1 + coalesce(inclusive.inclusive_rate, 0) as decimal(18, 6)) as inclusive_factor,
    from {{ ref('stg_invoice_items') }} as items
    inner join invoices
        on items.team_id = invoices.team_id and items.invoice_id = invoices.invoice_id
    left join inclusive
        on
            items.team_id = inclusive.team_id
            and items.invoice_id = inclusive.invoice_id
            and items.item_number = inclusive.item_number
),

amounts as (
    select
        *,
        case
            when inclusive_factor = 1 then try_cast(gross_amount - line_discount as decimal(18, 6))
            else {{ share('(gross_amount - line_discount)', 1, 'inclusive_factor', 6) }}
        end as net_amount,
    from priced
)

select
    {{ key(['team_id', 'invoice_id', 'item_number']) }} as cfdi_line_key,
    {{ key(['team_id', 'invoice_id']) }} as cfdi_key,
    {{ key_or_unknown(['team_id', 'service_id']) }} as service_key,
    team_id,
    invoice_id as cfdi_id,
    service_id,
    description,
    sku,
    product_code,
    unit_code,
    unit_name,
    {{ code('tax_object_code') }} as tax_object_code,
    currency_code,
    cast(item_number as integer) as line_number,
    quantity,
    unit_price,
    gross_amount,
    line_discount as discount,
    net_amount,
    {{ to_mxn('net_amount', decimals=6) }} as net_amount_mxn,
    loaded_at,
from amounts
