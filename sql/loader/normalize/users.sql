-- users: one row per team and user. API: GET /users.
-- Topic: set up, and by whom.
set variable shape = '{
    "id": "VARCHAR",
    "email": "VARCHAR",
    "name": "VARCHAR",
    "first_name": "VARCHAR",
    "firstName": "VARCHAR",
    "last_name": "VARCHAR",
    "lastName": "VARCHAR",
    "phone": "VARCHAR",
    "role": "VARCHAR",
    "company_role": "VARCHAR",
    "address": "Address",
    "teams": [{"team_id": "VARCHAR", "team_name": "VARCHAR", "role": "VARCHAR"}],
    "metadata": "JSON",
    "livemode": "BOOLEAN",
    "created_at": "TIME",
    "created": "TIME",
    "updated_at": "TIME",
    "last_login": "TIME"
}';

create or replace temp view users as
select
    origin,
    team_id,
    as_text(o.id) as user_id,
    as_text(o.name) as name,
    as_text(coalesce(o.first_name, o."firstName")) as first_name,
    as_text(coalesce(o.last_name, o."lastName")) as last_name,
    as_text(o.email) as email,
    as_text(o.phone) as phone,
    as_text(o.role) as role,
    as_text(o.company_role) as company_role,
    as_text(o.address.country) as address_country,
    as_text(o.address.street) as address_street,
    as_text(o.address.zip) as address_zip,
    as_text(o.address.city) as address_city,
    as_text(o.address.state) as address_state,
    as_text(o.address.exterior) as address_exterior,
    as_text(o.address.interior) as address_interior,
    as_text(o.address.municipality) as address_municipality,
    as_text(o.address.neighborhood) as address_neighborhood,
    o.metadata as metadata,
    o.livemode as livemode,
    as_time(o.last_login) as last_login_at,
    as_time(coalesce(o.created_at, o.created)) as created_at,
    coalesce(as_time(o.updated_at), greatest(created_at, last_login_at)) as updated_at,
    if(as_time(o.updated_at) is null, 'lifecycle', 'api') as updated_at_basis,
    row_hash,
    o._extra::json as extra,
from records;

-- user_teams: one row per team of a user; without an id it goes by its place in the list.
create or replace temp view user_teams as
with memberships as (
    select
        origin,
        team_id,
        as_text(o.id) as user_id,
        generate_subscripts(o.teams, 1) as number,
        unnest(o.teams) as membership,
    from records
)

select
    origin,
    team_id,
    user_id,
    coalesce(as_text(membership.team_id), '#' || number) as member_team_id,
    as_text(membership.team_name) as team_name,
    as_text(membership.role) as role,
    membership._extra::json as extra,
from memberships
where membership is not null
qualify row_number() over (partition by origin, member_team_id order by number) = 1;
