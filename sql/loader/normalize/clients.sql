-- clients: one row per client in a team's list. API: GET /clients.
-- Topic: bought by whom, and what.
set variable shape = '{
    "id": "VARCHAR",
    "name": "VARCHAR",
    "company": "VARCHAR",
    "phone": "VARCHAR",
    "email": "VARCHAR",
    "bcc": "JSON",
    "legal_name": "VARCHAR",
    "tax_id": "VARCHAR",
    "rfc": "VARCHAR",
    "tax_system": "VARCHAR",
    "use": "VARCHAR",
    "address": "Address",
    "is_valid": "BOOLEAN",
    "efos": {"is_valid": "BOOLEAN"},
    "efos_status": "VARCHAR",
    "efos_checked_at": "TIME",
    "fiscal_validation": {"status": "VARCHAR", "message": "VARCHAR"},
    "sat_status": {
        "is_risky": "BOOLEAN",
        "efos": {"is_valid": "BOOLEAN"},
        "hits": [
            {
                "list": "VARCHAR",
                "label": "VARCHAR",
                "source": "VARCHAR",
                "is_risky": "BOOLEAN",
                "detail": "JSON"
            }
        ],
        "checked_at": "TIME"
    },
    "defaults": {
        "keep_full_legal_name": "BOOLEAN",
        "issue_automatic_invoices": "BOOLEAN",
        "issue_invoiceable_receipts": "BOOLEAN"
    },
    "metadata": "JSON",
    "document_type": "VARCHAR",
    "organization_type": "VARCHAR",
    "tribute_code": "VARCHAR",
    "fiscal_responsibilities": "JSON",
    "dv": "VARCHAR",
    "municipality_code": "VARCHAR",
    "from": "VARCHAR",
    "owner": "VARCHAR",
    "team": "VARCHAR",
    "livemode": "BOOLEAN",
    "created_at": "TIME",
    "created": "TIME",
    "updated_at": "TIME"
}';

create or replace temp view clients as
select
    origin,
    team_id,
    as_text(o.id) as client_id,
    as_text(o.name) as name,
    as_text(o.company) as company,
    as_text(o.email) as email,
    as_text(o.phone) as phone,
    as_text(o.legal_name) as legal_name,
    as_text(coalesce(o.tax_id, o.rfc)) as tax_id,
    as_text(o.tax_system) as tax_system,
    as_text(o.use) as cfdi_use,
    as_text(o.address.country) as address_country,
    as_text(o.address.street) as address_street,
    as_text(o.address.zip) as address_zip,
    as_text(o.address.city) as address_city,
    as_text(o.address.state) as address_state,
    as_text(o.address.exterior) as address_exterior,
    as_text(o.address.interior) as address_interior,
    as_text(o.address.municipality) as address_municipality,
    as_text(o.address.neighborhood) as address_neighborhood,
    as_text(o.efos_status) as efos_status,
    as_text(o.fiscal_validation.status) as fiscal_validation_status,
    as_text(o.fiscal_validation.message) as fiscal_validation_message,
    as_text(o.document_type) as document_type,
    as_text(o.organization_type) as organization_type,
    as_text(o.tribute_code) as tribute_code,
    as_text(o.dv) as dv,
    as_text(o.municipality_code) as municipality_code,
    as_text(o."from") as created_via,
    as_text(o.owner) as owner,
    as_text(o.team) as team,
    o.bcc as bcc,
    o.fiscal_responsibilities as fiscal_responsibilities,
    o.metadata as metadata,
    o.is_valid as is_valid,
    o.efos.is_valid as efos_is_valid,
    o.sat_status.is_risky as sat_status_is_risky,
    o.sat_status.efos.is_valid as sat_status_efos_is_valid,
    o.defaults.keep_full_legal_name as defaults_keep_full_legal_name,
    o.defaults.issue_automatic_invoices as defaults_issue_automatic_invoices,
    o.defaults.issue_invoiceable_receipts as defaults_issue_invoiceable_receipts,
    o.livemode as livemode,
    as_time(o.efos_checked_at) as efos_checked_at,
    as_time(o.sat_status.checked_at) as sat_status_checked_at,
    as_time(coalesce(o.created_at, o.created)) as created_at,
    coalesce(as_time(o.updated_at), greatest(created_at, efos_checked_at, sat_status_checked_at))
        as updated_at,
    if(as_time(o.updated_at) is null, 'lifecycle', 'api') as updated_at_basis,
    row_hash,
    o._extra::json as extra,
from records;

-- client_sat_hits: one row per SAT list that names a client, numbered as listed.
-- label (not personal): What SAT's list is called.
-- list (not personal): SAT's list that names the client.
-- source (not personal): Who publishes the list.
create or replace temp view client_sat_hits as
with hits as (
    select
        origin,
        team_id,
        as_text(o.id) as client_id,
        generate_subscripts(o.sat_status.hits, 1) as hit_number,
        unnest(o.sat_status.hits) as hit,
    from records
)

select
    origin,
    team_id,
    client_id,
    hit_number,
    as_text(hit.list) as list,
    as_text(hit.label) as label,
    as_text(hit.source) as source,
    hit.detail as detail,
    hit.is_risky as is_risky,
    hit._extra::json as extra,
from hits
where hit is not null;
