-- invoices: one row per CFDI that the team issued; document_kind says which list it came from.
-- API: GET /invoices/income, /invoices/egress, /invoices/payment, /invoices/transfer.
-- Topic: invoiced, credited, cancelled, owed.
set variable shape = '{
    "id": "VARCHAR",
    "uuid": "VARCHAR",
    "team": "VARCHAR",
    "livemode": "BOOLEAN",
    "files": "IGNORED",
    "client": "ClientSnapshot",
    "client_name": "VARCHAR",
    "created_at": "TIME",
    "created": "TIME",
    "updated_at": "TIME",
    "date": "TIME",
    "currency": "VARCHAR",
    "exchange_rate": "DECIMAL",
    "total": "DECIMAL",
    "subtotal": "DECIMAL",
    "taxes": "DECIMAL",
    "discount": "DECIMAL",
    "withholding_taxes": "DECIMAL",
    "series": "VARCHAR",
    "serie": "VARCHAR",
    "folio_number": "VARCHAR",
    "folio": "VARCHAR",
    "invoice_type": "VARCHAR",
    "use": "VARCHAR",
    "payment_form": "VARCHAR",
    "payment_method": "VARCHAR",
    "payment_conditions": "VARCHAR",
    "status": "VARCHAR",
    "payment_complements": "DECIMAL",
    "last_balance": "DECIMAL",
    "installments": "BIGINT",
    "payments": ["VARCHAR"],
    "invoices": ["VARCHAR"],
    "stamp": {"sello": "VARCHAR", "stamp_at": "TIME", "stamped_at": "TIME", "provider": "VARCHAR"},
    "cancellation": {
        "cancellation_status": "VARCHAR",
        "cancelled_at": "TIME",
        "canceled_at": "TIME",
        "motive": "VARCHAR",
        "code": "VARCHAR",
        "requested_by": "VARCHAR",
        "cancellation_receipt": "VARCHAR",
        "cancellation_type": "VARCHAR",
        "last_checked": "TIME",
        "requested_at": "TIME",
        "substitution_uuid": "VARCHAR"
    },
    "cancellation_status": "VARCHAR",
    "cancellation_receipt": "VARCHAR",
    "verification_url": "VARCHAR",
    "exports": "VARCHAR",
    "addenda": "VARCHAR",
    "invoice_pdf_notes": "VARCHAR",
    "global": "GlobalPeriod",
    "related_documents": [{"relationship": "VARCHAR", "documents": ["VARCHAR"]}],
    "complements": [{"type": "VARCHAR", "data": "VARCHAR"}],
    "namespaces": "JSON",
    "items": ["InvoiceItem"],
    "automations": [
        {"type": "VARCHAR", "from": "VARCHAR", "ref": "VARCHAR", "action": "VARCHAR"}
    ],
    "metadata": "JSON",
    "emails": "JSON",
    "issuer_info": {
        "legal_name": "VARCHAR", "tax_id": "VARCHAR", "tax_system": "VARCHAR", "zip": "VARCHAR"
    },
    "idempotency_key": "VARCHAR",
    "owner": "VARCHAR",
    "from": "VARCHAR",
    "billing_account": "VARCHAR"
}';

create or replace temp view invoices as
select
    origin,
    team_id,
    as_invoice_id(o.id, o.uuid) as invoice_id,
    as_uuid(o.uuid) as uuid,
    kind as document_kind,
    as_text(o.invoice_type) as invoice_type,
    as_status(o.status) as status,
    o.status as status_raw,
    as_text(coalesce(o.series, o.serie)) as series,
    as_text(coalesce(o.folio_number, o.folio)) as folio_number,
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
    as_text(o.use) as cfdi_use,
    as_text(o.payment_form) as payment_form,
    as_text(o.payment_method) as payment_method,
    as_text(o.payment_conditions) as payment_conditions,
    as_text(o.exports) as exports,
    as_text(o.global.periodicity) as global_periodicity,
    as_text(o.global.months) as global_months,
    as_text(o.global.year) as global_year,
    as_text(o.stamp.sello) as stamp_sello,
    as_text(o.stamp.provider) as stamp_provider,
    as_text(coalesce(o.cancellation.cancellation_status, o.cancellation_status))
        as cancellation_status,
    as_text(o.cancellation.motive) as cancellation_motive,
    as_text(o.cancellation.code) as cancellation_code,
    as_text(o.cancellation.requested_by) as cancellation_requested_by,
    as_text(coalesce(o.cancellation.cancellation_receipt, o.cancellation_receipt))
        as cancellation_receipt,
    as_text(o.cancellation.cancellation_type) as cancellation_type,
    as_uuid(o.cancellation.substitution_uuid) as cancellation_substitution_uuid,
    as_text(o.issuer_info.legal_name) as issuer_legal_name,
    as_text(o.issuer_info.tax_id) as issuer_tax_id,
    as_text(o.issuer_info.tax_system) as issuer_tax_system,
    as_text(o.issuer_info.zip) as issuer_zip,
    as_text(o.verification_url) as verification_url,
    as_text(o.addenda) as addenda,
    as_text(o.invoice_pdf_notes) as invoice_pdf_notes,
    as_text(o.idempotency_key) as idempotency_key,
    as_text(o.billing_account) as billing_account,
    as_text(o."from") as created_via,
    as_text(o.owner) as owner,
    as_text(o.team) as team,
    o.emails as emails,
    o.namespaces as namespaces,
    o.metadata as metadata,
    o.exchange_rate as exchange_rate,
    o.total as total,
    o.subtotal as subtotal,
    o.taxes as taxes,
    o.discount as discount,
    o.withholding_taxes as withholding_taxes,
    o.payment_complements as payment_complements,
    o.last_balance as last_balance,
    o.installments as installments,
    o.livemode as livemode,
    as_time(o.date) as issued_at,
    as_time(coalesce(o.stamp.stamp_at, o.stamp.stamped_at)) as stamp_stamped_at,
    as_time(o.cancellation.requested_at) as cancellation_requested_at,
    as_time(coalesce(o.cancellation.cancelled_at, o.cancellation.canceled_at))
        as cancellation_cancelled_at,
    as_time(o.cancellation.last_checked) as cancellation_last_checked_at,
    as_time(coalesce(o.created_at, o.created)) as created_at,
    coalesce(
        as_time(o.updated_at),
        greatest(
            created_at,
            stamp_stamped_at,
            cancellation_requested_at,
            cancellation_cancelled_at,
            cancellation_last_checked_at
        )
    ) as updated_at,
    if(as_time(o.updated_at) is null, 'lifecycle', 'api') as updated_at_basis,
    row_hash,
    o._extra::json as extra,
from records;

-- invoice_items: one row per line (concepto) of a CFDI, numbered as listed (the API gives
-- lines no id).
create or replace temp view invoice_items as
with items as (
    select
        origin,
        team_id,
        as_invoice_id(o.id, o.uuid) as invoice_id,
        generate_subscripts(o.items, 1) as item_number,
        unnest(o.items) as item,
    from records
)

select
    origin,
    team_id,
    invoice_id,
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
    item.quantity as quantity,
    item.unit_price as unit_price,
    item.discount as discount,
    item._extra::json as extra,
from items
where item is not null;

-- invoice_item_taxes: one row per tax of a line of a CFDI, numbered as listed.
-- type as tax_name: ISR, IVA or IEPS.
create or replace temp view invoice_item_taxes as
with items as (
    select
        origin,
        team_id,
        as_invoice_id(o.id, o.uuid) as invoice_id,
        generate_subscripts(o.items, 1) as item_number,
        unnest(o.items) as item,
    from records
),

taxes as (
    select
        origin,
        team_id,
        invoice_id,
        item_number,
        generate_subscripts(item.taxes, 1) as tax_number,
        unnest(item.taxes) as tax,
    from items
)

select
    origin,
    team_id,
    invoice_id,
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

-- invoice_payments: one row per payment that an invoice names.
create or replace temp view invoice_payments as
select distinct
    origin,
    team_id,
    as_invoice_id(o.id, o.uuid) as invoice_id,
    unnest(as_links(o.payments)) as payment_id,
    null::json as extra,
from records;

-- invoice_links: one row per other invoice that an invoice names.
create or replace temp view invoice_links as
select distinct
    origin,
    team_id,
    as_invoice_id(o.id, o.uuid) as invoice_id,
    unnest(as_links(o.invoices)) as linked_invoice_id,
    null::json as extra,
from records;

-- invoice_related_documents: one row per CFDI that a CFDI relates to (SAT TipoRelacion).
create or replace temp view invoice_related_documents as
with relations as (
    select
        origin,
        team_id,
        as_invoice_id(o.id, o.uuid) as invoice_id,
        generate_subscripts(o.related_documents, 1) as relation_number,
        unnest(o.related_documents) as relation,
    from records
),

documents as (
    select
        origin,
        team_id,
        invoice_id,
        relation_number,
        generate_subscripts(relation.documents, 1) as document_number,
        relation.relationship,
        unnest(relation.documents) as document,
        relation._extra,
    from relations
)

select
    origin,
    team_id,
    invoice_id,
    relation_number,
    document_number,
    as_text(relationship) as relationship,
    as_uuid(document) as related_uuid,
    _extra::json as extra,
from documents
where document <> '';

-- invoice_complements: one row per complement of a CFDI, its text as sent.
-- type as complement_type (not personal): Kind of complement, such as pago.
create or replace temp view invoice_complements as
with complements as (
    select
        origin,
        team_id,
        as_invoice_id(o.id, o.uuid) as invoice_id,
        generate_subscripts(o.complements, 1) as complement_number,
        unnest(o.complements) as complement,
    from records
)

select
    origin,
    team_id,
    invoice_id,
    complement_number,
    as_text(complement.type) as type,
    complement.data as data,
    complement._extra::json as extra,
from complements
where complement is not null;

-- invoice_automations: one row per automation attached to an invoice.
-- type as automation_type: What happens by itself.
create or replace temp view invoice_automations as
with automations as (
    select
        origin,
        team_id,
        as_invoice_id(o.id, o.uuid) as invoice_id,
        generate_subscripts(o.automations, 1) as automation_number,
        unnest(o.automations) as automation,
    from records
)

select
    origin,
    team_id,
    invoice_id,
    automation_number,
    as_text(automation.type) as type,
    as_text(automation.action) as action,
    as_text(automation."from") as created_via,
    as_text(automation.ref) as ref,
    automation._extra::json as extra,
from automations
where automation is not null;
