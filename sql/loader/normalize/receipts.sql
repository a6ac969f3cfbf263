-- receipts: one row per sale that its client may still invoice. API: GET /receipts.
-- Topic: sold without a named invoice.
set variable shape = '{
    "id": "VARCHAR",
    "team": "VARCHAR",
    "livemode": "BOOLEAN",
    "files": "IGNORED",
    "client": "ClientSnapshot",
    "client_name": "VARCHAR",
    "currency": "VARCHAR",
    "exchange_rate": "DECIMAL",
    "from": "VARCHAR",
    "url": "VARCHAR",
    "short_url": "VARCHAR",
    "created_at": "TIME",
    "created": "TIME",
    "updated_at": "TIME",
    "valid_until": "ANY_TIME",
    "validUntil": "ANY_TIME",
    "invoiced_at": "TIME",
    "invoices": ["VARCHAR"],
    "invoice_id": "VARCHAR",
    "invoiceId": "VARCHAR",
    "payments": ["VARCHAR"],
    "items": ["SaleItem"],
    "metadata": "JSON",
    "owner": "VARCHAR",
    "periodicity": "JSON",
    "status": "VARCHAR",
    "invoice_config": "InvoiceConfig",
    "automatic_invoice_error": "VARCHAR",
    "payment_form": "VARCHAR",
    "total": "DECIMAL",
    "total_refunded": "DECIMAL",
    "subtotal": "DECIMAL",
    "taxes": "DECIMAL",
    "discount": "DECIMAL",
    "withholding_taxes": "DECIMAL",
    "idempotency_key": "VARCHAR"
}';

create or replace temp view receipts as
select
    origin,
    team_id,
    as_text(o.id) as receipt_id,
    as_status(o.status) as status,
    o.status as status_raw,
    as_text(o.client.id) as client_id,
    as_text(coalesce(o.client.name, o.client_name)) as client_name,
    as_text(o.client.company) as client_company,
    as_text(o.client.email) as client_email,
    as_text(o.client.phone) as client_phone,
    as_text(o.client.legal_name) as client_legal_name,
    as_text(coalesce(o.client.tax_id, o.client.rfc)) as client_tax_id,
    as_text(o.client.tax_system) as client_tax_system,
    as_text(o.client.use) as client_cfdi_use,
    as_text(o.client.address.country) as client_address_country,
    as_text(o.client.address.street) as client_address_street,
    as_text(o.client.address.zip) as client_address_zip,
    as_text(o.client.address.city) as client_address_city,
    as_text(o.client.address.state) as client_address_state,
    as_text(o.client.address.exterior) as client_address_exterior,
    as_text(o.client.address.interior) as client_address_interior,
    as_text(o.client.address.municipality) as client_address_municipality,
    as_text(o.client.address.neighborhood) as client_address_neighborhood,
    snapshot_rest(o.client) as client_snapshot,
    as_text(o.currency) as currency,
    as_text(o.payment_form) as payment_form,
    as_text(coalesce(o.periodicity ->> 'value', o.periodicity ->> '$')) as periodicity,
    as_text(coalesce(o.invoice_config.serie, o.invoice_config.series)) as invoice_config_series,
    as_text(o.invoice_config.folio) as invoice_config_folio_number,
    as_text(o.invoice_config.global.periodicity) as invoice_config_global_periodicity,
    as_text(o.invoice_config.global.months) as invoice_config_global_months,
    as_text(o.invoice_config.global.year) as invoice_config_global_year,
    as_text(o.automatic_invoice_error) as automatic_invoice_error,
    as_text(o.url) as url,
    as_text(o.short_url) as short_url,
    as_text(o.idempotency_key) as idempotency_key,
    as_text(o."from") as created_via,
    as_text(o.owner) as owner,
    as_text(o.team) as team,
    o.metadata as metadata,
    o.exchange_rate as exchange_rate,
    o.total as total,
    o.total_refunded as total_refunded,
    o.subtotal as subtotal,
    o.taxes as taxes,
    o.discount as discount,
    o.withholding_taxes as withholding_taxes,
    o.livemode as livemode,
    as_time(o.invoice_config.date) as invoice_config_issued_at,
    as_time(coalesce(o.invoice_config.valid_until, o.invoice_config."validUntil"))
        as invoice_config_valid_until,
    as_time(coalesce(o.valid_until, o."validUntil")) as valid_until,
    as_time(o.invoiced_at) as invoiced_at,
    as_time(coalesce(o.created_at, o.created)) as created_at,
    coalesce(as_time(o.updated_at), greatest(created_at, invoiced_at)) as updated_at,
    if(as_time(o.updated_at) is null, 'lifecycle', 'api') as updated_at_basis,
    row_hash,
    o._extra::json as extra,
from records;

-- receipt_items: one row per line of a receipt, numbered as listed (the API gives lines no id).
create or replace temp view receipt_items as
with items as (
    select
        origin,
        team_id,
        as_text(o.id) as receipt_id,
        generate_subscripts(o.items, 1) as item_number,
        unnest(o.items) as item,
    from records
)

select
    origin,
    team_id,
    receipt_id,
    item_number,
    as_text(item.id) as service_id,
    as_text(item.description) as description,
    as_text(item.sku) as sku,
    as_text(item.product_key) as product_key,
    as_text(item.unit_key) as unit_key,
    as_text(item.unit_name) as unit_name,
    as_text(item.taxability) as taxability,
    as_text(item.customs_request) as customs_request,
    as_text(item.complement) as complement,
    as_text(item.property_tax_account) as property_tax_account,
    as_text(item.third_party.legal_name) as third_party_legal_name,
    as_text(item.third_party.tax_id) as third_party_tax_id,
    as_text(item.third_party.tax_system) as third_party_tax_system,
    as_text(item.third_party.zip) as third_party_zip,
    as_text(item."from") as created_via,
    as_text(item.team) as team,
    item.item_complement as item_complement,
    item.search as search,
    item.quantity as quantity,
    item.unit_price as unit_price,
    item.discount as discount,
    as_time(coalesce(item.created_at, item.created)) as created_at,
    item._extra::json as extra,
from items
where item is not null;

-- receipt_item_taxes: one row per tax of a receipt's line, numbered as listed.
-- type as tax_name: ISR, IVA or IEPS.
create or replace temp view receipt_item_taxes as
with items as (
    select
        origin,
        team_id,
        as_text(o.id) as receipt_id,
        generate_subscripts(o.items, 1) as item_number,
        unnest(o.items) as item,
    from records
),

taxes as (
    select
        origin,
        team_id,
        receipt_id,
        item_number,
        generate_subscripts(item.taxes, 1) as tax_number,
        unnest(item.taxes) as tax,
    from items
)

select
    origin,
    team_id,
    receipt_id,
    item_number,
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

-- receipt_invoices: one row per invoice that a receipt names.
create or replace temp view receipt_invoices as
select distinct
    origin,
    team_id,
    as_text(o.id) as receipt_id,
    unnest(as_links(
        list_concat(o.invoices, [o.invoice_id, o."invoiceId"])
    )) as invoice_id,
    null::json as extra,
from records;

-- receipt_payments: one row per payment that a receipt names.
create or replace temp view receipt_payments as
select distinct
    origin,
    team_id,
    as_text(o.id) as receipt_id,
    unnest(as_links(o.payments)) as payment_id,
    null::json as extra,
from records;
