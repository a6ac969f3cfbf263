-- One row per product or service in a team's list, and the unknown one.
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
    unit_price,
    coalesce(is_live, true) as is_live,
    deleted_at is not null as is_deleted,
    created_at,
    loaded_at,
from {{ ref('stg_services') }}
union all by name
select
    'unknown' as service_key,
    'unknown' as team_id,
    'unknown' as service_id,
    'Sin servicio' as description,
    'unknown' as tax_object_code,
    true as is_live,
    false as is_deleted,
