-- teams: one row per team that the key can see; its id is its own, whichever team it was read for.
-- API: GET /teams.
-- Topic: set up, and by whom.
-- name (personal): What the team is called.
set variable shape = '{
    "id": "VARCHAR",
    "name": "VARCHAR",
    "legal_name": "VARCHAR",
    "tax_id": "VARCHAR",
    "tax_system": "VARCHAR",
    "address": "Address",
    "brand": {
        "alias": "VARCHAR",
        "primary_color": "VARCHAR",
        "secondary_color": "VARCHAR",
        "logo": "IGNORED"
    },
    "settings": "JSON",
    "support_email": "VARCHAR",
    "support_phone": "VARCHAR",
    "owner": "VARCHAR",
    "created_at": "TIME",
    "created": "TIME",
    "updated_at": "TIME",
    "credit_limit": "DECIMAL",
    "used_credits": "DECIMAL",
    "credit_period_start": "TIME",
    "billing": {"credits": "DECIMAL"},
    "sat": {"completed": "BOOLEAN", "connected_at": "TIME", "csd_expires_at": "TIME"},
    "members": [
        {"id": "VARCHAR", "user_id": "VARCHAR", "email": "VARCHAR", "role": "VARCHAR"}
    ],
    "integrations": "JSON",
    "metadata": "JSON",
    "livemode": "BOOLEAN"
}';

create or replace temp view teams as
select
    origin,
    as_text(o.id) as team_id,
    as_text(o.name) as name,
    as_text(o.legal_name) as legal_name,
    as_text(o.tax_id) as tax_id,
    as_text(o.tax_system) as tax_system,
    as_text(o.address.country) as address_country,
    as_text(o.address.street) as address_street,
    as_text(o.address.zip) as address_zip,
    as_text(o.address.city) as address_city,
    as_text(o.address.state) as address_state,
    as_text(o.address.exterior) as address_exterior,
    as_text(o.address.interior) as address_interior,
    as_text(o.address.municipality) as address_municipality,
    as_text(o.address.neighborhood) as address_neighborhood,
    as_text(o.brand.alias) as brand_alias,
    as_text(o.brand.primary_color) as brand_primary_color,
    as_text(o.brand.secondary_color) as brand_secondary_color,
    as_text(o.support_email) as support_email,
    as_text(o.support_phone) as support_phone,
    as_text(o.owner) as owner,
    o.settings as settings,
    o.integrations as integrations,
    o.metadata as metadata,
    o.credit_limit as credit_limit,
    o.used_credits as used_credits,
    o.billing.credits as billing_credits,
    o.sat.completed as sat_completed,
    o.livemode as livemode,
    as_time(o.sat.connected_at) as sat_connected_at,
    as_time(o.sat.csd_expires_at) as sat_csd_expires_at,
    as_time(o.credit_period_start) as credit_period_started_at,
    as_time(coalesce(o.created_at, o.created)) as created_at,
    coalesce(
        as_time(o.updated_at), greatest(created_at, sat_connected_at, credit_period_started_at)
    ) as updated_at,
    if(as_time(o.updated_at) is null, 'lifecycle', 'api') as updated_at_basis,
    row_hash,
    o._extra::json as extra,
from records;

-- team_members: one row per user of a team, who without an id goes by e-mail or place in the list.
create or replace temp view team_members as
with members as (
    select
        origin,
        as_text(o.id) as team_id,
        generate_subscripts(o.members, 1) as number,
        unnest(o.members) as member,
    from records
)

select
    origin,
    team_id,
    coalesce(
        as_text(member.id), as_text(member.user_id), as_text(lower(member.email)), '#' || number
    ) as user_id,
    as_text(member.email) as email,
    as_text(member.role) as role,
    member._extra::json as extra,
from members
where member is not null
qualify row_number() over (partition by origin, user_id order by number) = 1;
