-- One row per product or service of a team, whether listed or only sold; and the unknown one.
with sold as (
    select
        items.team_id,
        items.service_id,
        arg_max(items.description, invoices.created_at) as description,
        arg_max(items.sku, invoices.created_at) as sku,
        arg_max(items.product_code, invoices.created_at) as product_code,
        arg_max(items.unit_code, invoices.created_at) as unit_code,
        arg_max(items.unit_name, invoices.created_at) as unit_name,
        arg_max(items.tax_object_code, invoices.created_at) as tax_object_code,
        min(invoices.created_at) as created_at,
    from {{ ref('stg_invoice_items') }} as items
    inner join {{ ref('stg_invoices') }} as invoices
        on items.team_id = invoices.team_id and items.invoice_id = invoices.invoice_id
    anti join {{ ref('stg_services') }} as listed
        on items.team_id = listed.team_id and items.service_id = listed.service_id
    where items.service_id is not null
    group by items.team_id, items.service_id
),

services as (
    select
        *,
        'list' as service_source,
    from {{ ref('stg_services') }}
    union all by name
    select
        *,
        'documents' as service_source,
    from sold
)

select
    {{ key(['team_id', 'service_id']) }} as service_key,
    team_id,
    service_id,
    coalesce(description, sku, service_id) as description,
    sku,
    product_code,
    unit_code,
    unit_name,
    currency_code,
    {{ code('tax_object_code') }} as tax_object_code,
    service_source,
    unit_price,
    coalesce(is_live, true) as is_live,
    deleted_at is not null as is_deleted,
    created_at,
    loaded_at,
from services
union all by name
select
    'unknown' as service_key,
    'unknown' as team_id,
    'unknown' as service_id,
    'Sin servicio' as description,
    'unknown' as tax_object_code,
    'unknown' as service_source,
    true as is_live,
    false as is_deleted,
