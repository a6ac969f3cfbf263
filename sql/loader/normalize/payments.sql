-- payments: one row per payment, paid or still open. API: GET /payments.
-- total is what the API says; total_effective is derived where it says nothing, as the vendor does:
-- subtotal + taxes, else the legacy amount in cents, else the sum of the lines.
-- Topic: collected, refunded.
-- total as reported_total: Total as the API says it, in the payment's currency.
-- total_effective as amount: Total in the payment's currency; derived where the API gives none.
set variable shape = '{
    "id": "VARCHAR",
    "client": "ClientSnapshot",
    "client_name": "VARCHAR",
    "status": "VARCHAR",
    "total": "DECIMAL",
    "subtotal": "DECIMAL",
    "taxes": "DECIMAL",
    "discount": "DECIMAL",
    "withholding_taxes": "DECIMAL",
    "amount": "DECIMAL",
    "currency": "VARCHAR",
    "exchange_rate": "DECIMAL",
    "payment_form": "VARCHAR",
    "payment_processor": "VARCHAR",
    "processor": "VARCHAR",
    "payment_processor_details": "JSON",
    "processor_details": "JSON",
    "allowed_payment_methods": ["JSON"],
    "items": ["SaleItem"],
    "invoice_config": "InvoiceConfig",
    "invoices": ["VARCHAR"],
    "invoice_id": "VARCHAR",
    "invoiceId": "VARCHAR",
    "invoice": {"id": "VARCHAR", "uuid": "VARCHAR"},
    "receipts": ["VARCHAR"],
    "receipt_id": "VARCHAR",
    "receiptId": "VARCHAR",
    "payments": ["JSON"],
    "refunds": [
        {
            "id": "VARCHAR",
            "amount": "DECIMAL",
            "currency": "VARCHAR",
            "status": "VARCHAR",
            "reason": "VARCHAR",
            "items": "JSON",
            "created_at": "TIME",
            "created": "TIME"
        }
    ],
    "automations": [
        {"type": "VARCHAR", "from": "VARCHAR", "ref": "VARCHAR", "action": "VARCHAR"}
    ],
    "automation_type": "VARCHAR",
    "emails": "JSON",
    "short_url": "VARCHAR",
    "idempotency_key": "VARCHAR",
    "from": "VARCHAR",
    "owner": "VARCHAR",
    "team": "VARCHAR",
    "livemode": "BOOLEAN",
    "metadata": "JSON",
    "created_at": "TIME",
    "created": "TIME",
    "updated_at": "TIME",
    "succeeded_at": "TIME"
}';

create or replace temp view payments as
select
    origin,
    team_id,
    as_text(o.id) as payment_id,
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
    as_text(coalesce(o.payment_processor, o.processor)) as processor,
    as_text(o.automation_type) as automation_type,
    as_text(coalesce(o.invoice_config.serie, o.invoice_config.series)) as invoice_config_series,
    as_text(o.invoice_config.folio) as invoice_config_folio_number,
    as_text(o.invoice_config.global.periodicity) as invoice_config_global_periodicity,
    as_text(o.invoice_config.global.months) as invoice_config_global_months,
    as_text(o.invoice_config.global.year) as invoice_config_global_year,
    as_text(o.short_url) as short_url,
    as_text(o.idempotency_key) as idempotency_key,
    as_text(o."from") as created_via,
    as_text(o.owner) as owner,
    as_text(o.team) as team,
    coalesce(o.payment_processor_details, o.processor_details) as processor_details,
    o.emails as emails,
    o.metadata as metadata,
    o.exchange_rate as exchange_rate,
    o.total as total,
    try(
        coalesce(
            o.total,
            o.subtotal + o.taxes,
            o.amount * 0.01::decimal(3, 2),
            list_sum(list_transform(
                o.items,
                lambda item: item.quantity * item.unit_price - coalesce(item.discount, 0)
            ))
        )::decimal(18, 6)
    ) as total_effective,
    o.subtotal as subtotal,
    o.taxes as taxes,
    o.discount as discount,
    o.withholding_taxes as withholding_taxes,
    o.amount as amount_cents,
    o.livemode as livemode,
    as_time(o.invoice_config.date) as invoice_config_issued_at,
    as_time(coalesce(o.invoice_config.valid_until, o.invoice_config."validUntil"))
        as invoice_config_valid_until,
    as_time(o.succeeded_at) as succeeded_at,
    as_time(coalesce(o.created_at, o.created)) as created_at,
    coalesce(
        as_time(o.updated_at),
        greatest(
            created_at,
            succeeded_at,
            list_max(list_transform(
                o.refunds, lambda refund: as_time(coalesce(refund.created_at, refund.created))
            ))
        )
    ) as updated_at,
    if(as_time(o.updated_at) is null, 'lifecycle', 'api') as updated_at_basis,
    row_hash,
    o._extra::json as extra,
from records;

-- payment_items: one row per line of a payment, numbered as listed (the API gives lines no id).
create or replace temp view payment_items as
with items as (
    select
        origin,
        team_id,
        as_text(o.id) as payment_id,
        generate_subscripts(o.items, 1) as item_number,
        unnest(o.items) as item,
    from records
)

select
    origin,
    team_id,
    payment_id,
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

-- payment_item_taxes: one row per tax of a payment's line, numbered as listed.
-- type as tax_name: ISR, IVA or IEPS.
create or replace temp view payment_item_taxes as
with items as (
    select
        origin,
        team_id,
        as_text(o.id) as payment_id,
        generate_subscripts(o.items, 1) as item_number,
        unnest(o.items) as item,
    from records
),

taxes as (
    select
        origin,
        team_id,
        payment_id,
        item_number,
        generate_subscripts(item.taxes, 1) as tax_number,
        unnest(item.taxes) as tax,
    from items
)

select
    origin,
    team_id,
    payment_id,
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

-- payment_invoices: one row per invoice that a payment names.
create or replace temp view payment_invoices as
select distinct
    origin,
    team_id,
    as_text(o.id) as payment_id,
    unnest(as_links(
        list_concat(
            o.invoices,
            [o.invoice_id, o."invoiceId", as_invoice_id(o.invoice.id, o.invoice.uuid)]
        )
    )) as invoice_id,
    null::json as extra,
from records;

-- payment_receipts: one row per receipt that a payment names.
create or replace temp view payment_receipts as
select distinct
    origin,
    team_id,
    as_text(o.id) as payment_id,
    unnest(as_links(
        list_concat(o.receipts, [o.receipt_id, o."receiptId"])
    )) as receipt_id,
    null::json as extra,
from records;

-- payment_related_payments: one row per other payment that a payment names.
create or replace temp view payment_related_payments as
with related as (
    select
        origin,
        team_id,
        as_text(o.id) as payment_id,
        generate_subscripts(o.payments, 1) as number,
        unnest(o.payments) as payment,
    from records
)

select
    origin,
    team_id,
    payment_id,
    as_id(payment) as related_payment_id,
    beside_id(payment) as extra,
from related
where related_payment_id is not null
qualify row_number() over (partition by origin, related_payment_id order by number) = 1;

-- payment_refunds: one row per refund of a payment, numbered as listed.
create or replace temp view payment_refunds as
with refunds as (
    select
        origin,
        team_id,
        as_text(o.id) as payment_id,
        generate_subscripts(o.refunds, 1) as refund_number,
        unnest(o.refunds) as refund,
    from records
)

select
    origin,
    team_id,
    payment_id,
    refund_number,
    as_text(refund.id) as refund_id,
    as_status(refund.status) as status,
    refund.status as status_raw,
    as_text(refund.reason) as reason,
    as_text(refund.currency) as currency,
    refund.items as items,
    refund.amount as amount,
    as_time(coalesce(refund.created_at, refund.created)) as created_at,
    refund._extra::json as extra,
from refunds
where refund is not null;

-- payment_allowed_methods: one row per method that a payment may be made with.
create or replace temp view payment_allowed_methods as
with methods as (
    select
        origin,
        team_id,
        as_text(o.id) as payment_id,
        generate_subscripts(o.allowed_payment_methods, 1) as number,
        unnest(o.allowed_payment_methods) as allowed,
    from records
)

select
    origin,
    team_id,
    payment_id,
    as_id(allowed) as method,
    beside_id(allowed) as extra,
from methods
where method is not null
qualify row_number() over (partition by origin, method order by number) = 1;

-- payment_automations: one row per automation attached to a payment, numbered as listed.
-- type as automation_type: What happens by itself when the payment succeeds.
create or replace temp view payment_automations as
with automations as (
    select
        origin,
        team_id,
        as_text(o.id) as payment_id,
        generate_subscripts(o.automations, 1) as automation_number,
        unnest(o.automations) as automation,
    from records
)

select
    origin,
    team_id,
    payment_id,
    automation_number,
    as_text(automation.type) as type,
    as_text(automation.action) as action,
    as_text(automation."from") as created_via,
    as_text(automation.ref) as ref,
    automation._extra::json as extra,
from automations
where automation is not null;
