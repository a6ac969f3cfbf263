-- What DuckDB needs for the same fields in the same tables when nothing is promised: money as
-- floats, moments as they come, nothing hashed, compared, merged or kept that is not listed.
create temp table pages as
select unnest(data) as invoice
from read_json(
    getvariable('pages'),
    format = 'newline_delimited', records = true, maximum_object_size = 100000000,
    columns = {
        data: 'STRUCT(
            id VARCHAR, uuid VARCHAR, team VARCHAR, livemode BOOLEAN, created_at VARCHAR,
            date VARCHAR, currency VARCHAR, exchange_rate DOUBLE, total DOUBLE, subtotal DOUBLE,
            taxes DOUBLE, discount DOUBLE, withholding_taxes DOUBLE, series VARCHAR,
            folio_number VARCHAR, invoice_type VARCHAR, use VARCHAR, payment_form VARCHAR,
            payment_method VARCHAR, status VARCHAR, payment_complements DOUBLE,
            last_balance DOUBLE, installments BIGINT, verification_url VARCHAR, exports VARCHAR,
            owner VARCHAR, "from" VARCHAR, metadata JSON, emails JSON,
            client STRUCT(
                id VARCHAR, name VARCHAR, email VARCHAR, company VARCHAR, phone VARCHAR,
                legal_name VARCHAR, tax_id VARCHAR, tax_system VARCHAR, use VARCHAR,
                address STRUCT(
                    country VARCHAR, street VARCHAR, zip VARCHAR, city VARCHAR, state VARCHAR,
                    exterior VARCHAR, interior VARCHAR, municipality VARCHAR, neighborhood VARCHAR
                ),
                bcc JSON, is_valid BOOLEAN, efos JSON, fiscal_validation JSON, defaults JSON,
                metadata JSON, sat_status JSON, created_at VARCHAR
            ),
            stamp STRUCT(sello VARCHAR, stamp_at VARCHAR, provider VARCHAR),
            cancellation STRUCT(
                cancellation_status VARCHAR, requested_at VARCHAR, cancelled_at VARCHAR,
                motive VARCHAR, code VARCHAR, requested_by VARCHAR, cancellation_receipt VARCHAR,
                cancellation_type VARCHAR, last_checked VARCHAR, substitution_uuid VARCHAR
            ),
            "global" STRUCT(periodicity VARCHAR, months VARCHAR, "year" VARCHAR),
            issuer_info STRUCT(
                legal_name VARCHAR, tax_id VARCHAR, tax_system VARCHAR, zip VARCHAR
            ),
            payments VARCHAR[], invoices VARCHAR[],
            related_documents STRUCT(relationship VARCHAR, documents VARCHAR[])[],
            complements STRUCT("type" VARCHAR, data VARCHAR)[],
            automations STRUCT("type" VARCHAR, "from" VARCHAR, ref VARCHAR, action VARCHAR)[],
            items STRUCT(
                id VARCHAR, description VARCHAR, sku VARCHAR, product_key VARCHAR,
                unit_key VARCHAR, unit_name VARCHAR, taxability VARCHAR, quantity DOUBLE,
                unit_price DOUBLE, discount DOUBLE,
                taxes STRUCT(
                    "type" VARCHAR, rate DOUBLE, factor VARCHAR, base DOUBLE, inclusive BOOLEAN,
                    withholding BOOLEAN
                )[]
            )[]
        )[]'
    }
);

create table invoices as
select invoice.* exclude (
    payments, invoices, related_documents, complements, automations, items
),
from pages
where invoice is not null;

create table invoice_items as
select coalesce(invoice.id, invoice.uuid) as invoice_id,
    generate_subscripts(invoice.items, 1) as item_number, unnest(invoice.items) as item,
from pages;

create table invoice_item_taxes as
select invoice_id, item_number, generate_subscripts(item.taxes, 1) as tax_number,
    unnest(item.taxes, recursive := true),
from invoice_items;

create table invoice_payments as
select coalesce(invoice.id, invoice.uuid) as invoice_id, unnest(invoice.payments) as payment_id,
from pages;

create table invoice_links as
select coalesce(invoice.id, invoice.uuid) as invoice_id, unnest(invoice.invoices) as linked_id,
from pages;

create table invoice_related_documents as
select coalesce(invoice.id, invoice.uuid) as invoice_id,
    unnest(invoice.related_documents, recursive := true),
from pages;

create table invoice_complements as
select coalesce(invoice.id, invoice.uuid) as invoice_id,
    unnest(invoice.complements, recursive := true),
from pages;

create table invoice_automations as
select coalesce(invoice.id, invoice.uuid) as invoice_id,
    unnest(invoice.automations, recursive := true),
from pages;
