-- One row per client and version of its fiscal data, as its documents carried them.
with documents as (
    select
        team_id,
        client_id,
        created_at,
        {{ rfc_norm('client_rfc') }} as rfc,
        client_legal_name as legal_name,
        client_tax_regime_code as tax_regime_code,
        client_address_zip as zip,
    from {{ ref('stg_invoices') }}
    -- a reduced snapshot says nothing of what it leaves out
    where
        client_id is not null and client_rfc is not null
        and client_tax_regime_code is not null and client_address_zip is not null
        and created_at is not null
),

compared as (
    select
        *,
        concat_ws('|', rfc, coalesce(legal_name, ''), tax_regime_code, zip) as fiscal_data,
    from documents
),

marked as (
    select
        *,
        coalesce(
            fiscal_data
            <> lag(fiscal_data) over (partition by team_id, client_id order by created_at),
            true
        ) as is_new,
    from compared
),

versions as (
    select
        *,
        row_number() over (partition by team_id, client_id order by created_at) as version_number,
        lead(created_at) over (partition by team_id, client_id order by created_at)
            as valid_to_at,
    from marked
    where is_new
)

select
    {{ key(['team_id', 'client_id', 'version_number']) }} as client_history_key,
    {{ key(['team_id', 'client_id']) }} as client_key,
    team_id,
    client_id,
    rfc,
    legal_name,
    tax_regime_code,
    zip,
    cast(version_number as integer) as version_number,
    valid_to_at is null as is_current,
    created_at as valid_from_at,
    valid_to_at,
from versions
