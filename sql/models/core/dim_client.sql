-- One row per client of a team, whether listed or only named by documents; and the unknown one.
-- Never keyed by RFC: many clients may share a generic one.
with documents as (
    select
        team_id,
        client_id,
        client_name,
        client_legal_name,
        client_rfc,
        client_tax_regime_code,
        client_address_zip,
        client_cfdi_use_code,
        created_at,
        is_live,
        loaded_at,
    from {{ ref('stg_invoices') }}
    union all
    select
        team_id,
        client_id,
        client_name,
        client_legal_name,
        client_rfc,
        client_tax_regime_code,
        client_address_zip,
        client_cfdi_use_code,
        created_at,
        is_live,
        loaded_at,
    from {{ ref('stg_payments') }}
    union all
    select
        team_id,
        client_id,
        client_name,
        client_legal_name,
        client_rfc,
        client_tax_regime_code,
        client_address_zip,
        client_cfdi_use_code,
        created_at,
        is_live,
        loaded_at,
    from {{ ref('stg_receipts') }}
),

named as (
    select
        team_id,
        client_id,
        arg_max(client_name, created_at) as name,
        arg_max(client_legal_name, created_at) as legal_name,
        arg_max(client_rfc, created_at) as rfc,
        arg_max(client_tax_regime_code, created_at) as tax_regime_code,
        arg_max(client_address_zip, created_at) as zip,
        arg_max(client_cfdi_use_code, created_at) as cfdi_use_code,
        bool_or(is_live) as is_live,
        min(created_at) as created_at,
        max(loaded_at) as loaded_at,
    from documents
    where client_id is not null
    group by team_id, client_id
),

clients as (
    select
        team_id,
        client_id,
        name,
        company,
        legal_name,
        rfc,
        tax_regime_code,
        cfdi_use_code,
        address_zip as zip,
        address_state as state,
        'list' as client_source,
        {{ client_terms_days('metadata') }} as terms_days,
        is_live,
        is_valid,
        -- either of the two checks may find it listed; null when none was made
        not coalesce(
            sat_status_efos_is_valid and efos_is_valid, sat_status_efos_is_valid, efos_is_valid
        ) as is_on_efos_list,
        sat_status_is_risky as is_on_sat_list,
        created_at,
        deleted_at,
        loaded_at,
    from {{ ref('stg_clients') }}
    union all by name
    select
        named.*,
        'documents' as client_source,
    from named
    anti join {{ ref('stg_clients') }} as listed
        on named.team_id = listed.team_id and named.client_id = listed.client_id
)

select
    {{ key(['clients.team_id', 'clients.client_id']) }} as client_key,
    clients.team_id,
    clients.client_id,
    coalesce(clients.legal_name, clients.name, clients.company, clients.client_id) as client_name,
    clients.legal_name,
    {{ rfc_norm('clients.rfc') }} as rfc,
    {{ rfc_person_type('clients.rfc') }} as person_type,
    {{ code('clients.tax_regime_code') }} as tax_regime_code,
    {{ code('clients.cfdi_use_code') }} as cfdi_use_code,
    clients.zip,
    clients.state,
    clients.client_source,
    coalesce(clients.terms_days, teams.default_terms_days) as terms_days,
    coalesce(clients.is_live, true) as is_live,
    clients.deleted_at is not null as is_deleted,
    clients.is_valid as is_validated,
    clients.is_on_efos_list,
    clients.is_on_sat_list,
    coalesce({{ is_generic_rfc('clients.rfc') }}, false) as is_generic_rfc,
    {{ rfc_format_ok('clients.rfc') }} as is_rfc_format_ok,
    {{ rfc_check_ok('clients.rfc') }} as is_rfc_check_ok,
    {{ local_date('clients.created_at', 'clients.team_id') }} as created_date,
    clients.created_at,
    clients.loaded_at,
from clients
inner join {{ ref('dim_team') }} as teams on clients.team_id = teams.team_id
union all by name
select
    'unknown' as client_key,
    'unknown' as team_id,
    'unknown' as client_id,
    'Sin cliente' as client_name,
    'invalido' as person_type,
    'unknown' as tax_regime_code,
    'unknown' as cfdi_use_code,
    'unknown' as client_source,
    true as is_live,
    false as is_deleted,
    false as is_generic_rfc,
