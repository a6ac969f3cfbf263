-- services: one row per product or service in a team's list. API: GET /services.
-- Topic: bought by whom, and what.
-- description (not personal): What is sold.
set variable shape = '{
    "id": "VARCHAR",
    "description": "VARCHAR",
    "sku": "VARCHAR",
    "product_key": "VARCHAR",
    "unit_key": "VARCHAR",
    "unit_name": "VARCHAR",
    "unit_price": "DECIMAL",
    "currency": "VARCHAR",
    "taxability": "VARCHAR",
    "taxes": ["Tax"],
    "metadata": "JSON",
    "from": "VARCHAR",
    "owner": "VARCHAR",
    "team": "VARCHAR",
    "livemode": "BOOLEAN",
    "created_at": "TIME",
    "created": "TIME",
    "updated_at": "TIME"
}';

create or replace temp view services as
select
    origin,
    team_id,
    as_text(o.id) as service_id,
    as_text(o.description) as description,
    as_text(o.sku) as sku,
    as_text(o.product_key) as product_key,
    as_text(o.unit_key) as unit_key,
    as_text(o.unit_name) as unit_name,
    as_text(o.currency) as currency,
    as_text(o.taxability) as taxability,
    as_text(o."from") as created_via,
    as_text(o.owner) as owner,
    as_text(o.team) as team,
    o.metadata as metadata,
    o.unit_price as unit_price,
    o.livemode as livemode,
    as_time(coalesce(o.created_at, o.created)) as created_at,
    coalesce(as_time(o.updated_at), created_at) as updated_at,
    if(as_time(o.updated_at) is null, 'lifecycle', 'api') as updated_at_basis,
    row_hash,
    o._extra::json as extra,
from records;

-- service_taxes: one row per tax of a product or service, numbered as listed.
-- type as tax_name: ISR, IVA or IEPS.
create or replace temp view service_taxes as
with taxes as (
    select
        origin,
        team_id,
        as_text(o.id) as service_id,
        generate_subscripts(o.taxes, 1) as tax_number,
        unnest(o.taxes) as tax,
    from records
)

select
    origin,
    team_id,
    service_id,
    tax_number,
    upper(as_text(tax.type)) as type,
    as_text(tax.factor) as factor,
    tax.rate as rate,
    tax.base as base,
    tax.inclusive as inclusive,
    tax.withholding as withholding,
    tax._extra::json as extra,
from taxes
where tax is not null;
