-- One row per team that has data; carries the zone and the day as of which everything is told.
with seen as (
    select team_id, from {{ ref('stg_teams') }}
    union
    select team_id, from {{ ref('stg_clients') }}
    union
    select team_id, from {{ ref('stg_invoices') }}
    union
    select team_id, from {{ ref('stg_payments') }}
    union
    select team_id, from {{ ref('stg_receipts') }}
),

paying as (
    select distinct team_id,
    from {{ ref('stg_payments') }}
    where coalesce(is_live, true) and deleted_at is null
)

select
    seen.team_id,
    coalesce(teams.legal_name, teams.name, teams.brand_alias, seen.team_id) as team_name,
    teams.legal_name,
    teams.rfc,
    {{ rfc_person_type('teams.rfc') }} as person_type,
    {{ code('teams.tax_regime_code') }} as tax_regime_code,
    teams.address_zip as zip,
    {{ team_zone('seen.team_id') }} as zone,
    cast({{ team_terms_days('seen.team_id') }} as integer) as default_terms_days,
    paying.team_id is not null as has_payments,
    teams.team_id is not null as is_listed,
    coalesce(teams.deleted_at is not null, false) as is_deleted,
    coalesce(
        cast(nullif('{{ var("as_of_date") }}', '') as date),
        {{ local_date('now()', 'seen.team_id') }}
    ) as as_of_date,
    teams.created_at,
    teams.loaded_at,
from seen
left join {{ ref('stg_teams') }} as teams on seen.team_id = teams.team_id
left join paying on seen.team_id = paying.team_id
