-- retentions: one row per CFDI of taxes that the team withheld from others (Retenciones 2.0).
-- API: GET /retentions.
-- Topic: withheld from others.
set variable shape = '{
    "id": "VARCHAR",
    "uuid": "VARCHAR",
    "status": "VARCHAR",
    "document_type": "VARCHAR",
    "retention_key": "VARCHAR",
    "series": "VARCHAR",
    "serie": "VARCHAR",
    "folio_number": "VARCHAR",
    "folio": "VARCHAR",
    "issuer": {"legal_name": "VARCHAR", "tax_id": "VARCHAR", "tax_system": "VARCHAR"},
    "receiver": {"legal_name": "VARCHAR", "tax_id": "VARCHAR", "nationality": "VARCHAR"},
    "period": {"start": "BIGINT", "end": "BIGINT", "year": "BIGINT"},
    "totals": {
        "total_operation": "DECIMAL",
        "total_taxable": "DECIMAL",
        "total_exempt": "DECIMAL",
        "total_retained": "DECIMAL",
        "tax_retained": [
            {"tax": "VARCHAR", "base": "DECIMAL", "amount": "DECIMAL", "payment_type": "VARCHAR"}
        ]
    },
    "stamp": {
        "uuid": "VARCHAR", "stamped_at": "TIME", "stamp_at": "TIME", "provider": "VARCHAR"
    },
    "files": "IGNORED",
    "livemode": "BOOLEAN",
    "created_at": "TIME",
    "created": "TIME",
    "updated_at": "TIME"
}';

create or replace temp view retentions as
select
    origin,
    team_id,
    as_uuid(coalesce(as_text(o.id), o.uuid)) as retention_id,
    as_uuid(o.uuid) as uuid,
    as_text(o.document_type) as document_type,
    as_text(o.retention_key) as retention_key,
    as_status(o.status) as status,
    o.status as status_raw,
    as_text(coalesce(o.series, o.serie)) as series,
    as_text(coalesce(o.folio_number, o.folio)) as folio_number,
    as_text(o.issuer.legal_name) as issuer_legal_name,
    as_text(o.issuer.tax_id) as issuer_tax_id,
    as_text(o.issuer.tax_system) as issuer_tax_system,
    as_text(o.receiver.legal_name) as receiver_legal_name,
    as_text(o.receiver.tax_id) as receiver_tax_id,
    as_text(o.receiver.nationality) as receiver_nationality,
    as_uuid(o.stamp.uuid) as stamp_uuid,
    as_text(o.stamp.provider) as stamp_provider,
    o.period.start as period_start,
    o.period."end" as period_end,
    o.period.year as period_year,
    o.totals.total_operation as total_operation,
    o.totals.total_taxable as total_taxable,
    o.totals.total_exempt as total_exempt,
    o.totals.total_retained as total_retained,
    o.livemode as livemode,
    as_time(coalesce(o.stamp.stamped_at, o.stamp.stamp_at)) as stamp_stamped_at,
    as_time(coalesce(o.created_at, o.created)) as created_at,
    coalesce(as_time(o.updated_at), greatest(created_at, stamp_stamped_at)) as updated_at,
    if(as_time(o.updated_at) is null, 'lifecycle', 'api') as updated_at_basis,
    row_hash,
    o._extra::json as extra,
from records;

-- retention_taxes: one row per tax of a CFDI of withheld taxes, numbered as listed.
create or replace temp view retention_taxes as
with taxes as (
    select
        origin,
        team_id,
        as_uuid(coalesce(as_text(o.id), o.uuid)) as retention_id,
        generate_subscripts(o.totals.tax_retained, 1) as tax_number,
        unnest(o.totals.tax_retained) as tax,
    from records
)

select
    origin,
    team_id,
    retention_id,
    tax_number,
    upper(as_text(tax.tax)) as tax,
    as_text(tax.payment_type) as payment_type,
    tax.base as base,
    tax.amount as amount,
    tax._extra::json as extra,
from taxes
where tax is not null;
