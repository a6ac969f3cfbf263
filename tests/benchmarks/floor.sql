-- What DuckDB needs for the same tables when nothing is promised: types guessed, nothing merged.
create table pages as
select unnest(data) as invoice
from read_json(getvariable('pages'), format = 'newline_delimited', records = true, columns = {
    data: 'STRUCT(id VARCHAR, uuid VARCHAR, client JSON, created_at JSON, date BIGINT, currency VARCHAR, exchange_rate DOUBLE, total DOUBLE, subtotal DOUBLE, taxes DOUBLE, discount DOUBLE, withholding_taxes DOUBLE, series VARCHAR, folio_number VARCHAR, invoice_type VARCHAR, use VARCHAR, payment_form VARCHAR, payment_method VARCHAR, status VARCHAR, payment_complements DOUBLE, last_balance DOUBLE, installments BIGINT, payments VARCHAR[], invoices VARCHAR[], stamp JSON, cancellation JSON, items STRUCT(id VARCHAR, description VARCHAR, product_key VARCHAR, quantity DOUBLE, unit_price DOUBLE, unit_key VARCHAR, unit_name VARCHAR, sku VARCHAR, taxability VARCHAR, discount DOUBLE, taxes STRUCT("type" VARCHAR, rate DOUBLE, factor VARCHAR, base DOUBLE, inclusive BOOLEAN, withholding BOOLEAN)[])[], metadata JSON, team VARCHAR, livemode BOOLEAN)[]'
}, maximum_object_size = 100000000);

create table invoices as select invoice.* exclude (items, payments, invoices) from pages where invoice is not null;
create table invoice_items as select invoice.uuid, generate_subscripts(invoice.items, 1) as n, unnest(invoice.items) as item from pages;
create table invoice_item_taxes as select uuid, n, unnest(item.taxes, recursive := true) from invoice_items;
create table invoice_payments as select invoice.uuid, unnest(invoice.payments) as payment_id from pages;
create table invoice_links as select invoice.uuid, unnest(invoice.invoices) as linked_invoice_id from pages;
drop table pages;
